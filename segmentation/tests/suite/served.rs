//! Our client at our server, over a real socket: the same answers as in the program itself, and what goes wrong between
//! them healed or said.

use crate::common::{bright, mm_from, noise, volume};
use crate::scenario::{Played, made};
use limner_imaging::{Cancel, Mask, Samples, StackAxis, Task, Volume, VoxelBox};
use limner_segmentation::neural::Neural;
use limner_segmentation::remote::Remote;
use limner_segmentation::serve::{Key, Options, Server};
use limner_segmentation::{Engine, Prediction, Prompt, Request, Session, Shape};
use std::io::{Read as _, Write as _};
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread::{JoinHandle, sleep};
use std::time::{Duration, Instant};

/// A server on a port of its own, ended with the test.
pub struct Served {
    pub address: SocketAddr,
    stop: Cancel,
    thread: Option<JoinHandle<()>>,
}

impl Served {
    pub fn new(options: Options, engine: Arc<dyn Engine>) -> Self {
        let server = Server::bind(options, engine).unwrap();
        let (address, stop) = (server.address().unwrap(), Cancel::default());
        let cancel = stop.clone();
        let run = move || server.run(&cancel).unwrap();
        let thread = std::thread::Builder::new().name("served".into()).spawn(run).unwrap();
        Self { address, stop, thread: Some(thread) }
    }

    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    fn client(&self) -> Remote {
        Remote::connect(&self.url(), None, &Task::default()).unwrap()
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        self.stop.cancel();
        if let Some(thread) = self.thread.take() {
            thread.join().unwrap();
        }
    }
}

pub fn options() -> Options {
    Options { port: 0, ..Options::default() }
}

pub fn blobs() -> Arc<dyn Engine> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/blobs");
    Arc::new(Neural::open(&folder, "blobs").unwrap())
}

fn ball(size: [usize; 3]) -> Volume {
    let centre = size.map(|n| n as f64 / 2.0);
    volume(size, [1.0; 3], |at| bright(mm_from(at, centre, [1.0; 3]) < 6.0, 120.0, 30.0) + 5.0 * noise(at))
}

/// An engine that answers at once with the box around all its positive points.
pub struct Quick {
    pub asked: AtomicUsize,
    pause: Duration,
}

impl Quick {
    pub fn new(pause: Duration) -> Arc<Self> {
        Arc::new(Self { asked: AtomicUsize::new(0), pause })
    }
}

impl Engine for Quick {
    fn name(&self) -> &str {
        "quick"
    }

    fn capabilities(&self) -> limner_segmentation::Capabilities {
        limner_segmentation::Capabilities::ALL
    }

    fn predict(&self, request: &Request, task: &Task) -> limner_segmentation::Result<Prediction> {
        self.asked.fetch_add(1, Ordering::Relaxed);
        let start = Instant::now();
        while start.elapsed() < self.pause {
            task.cancel.check()?;
            sleep(Duration::from_millis(2));
        }
        let size = request.image.size();
        let around = request.prompts.iter().map(|p| p.bounds(size)).fold(VoxelBox::default(), |all, b| all.union(&b));
        let mask = Mask::from_fn(around, |_| true);
        Ok(Prediction { changed: around, mask, probability: None, seconds: 0.0 })
    }
}

/// Answers round by round, as a session asks for them.
fn answers(engine: Arc<dyn Engine>, played: &Played, rounds: usize) -> Vec<(Mask, VoxelBox)> {
    let mut session = Session::new(Arc::clone(&played.image), engine);
    let steps = played.steps.iter().take(rounds);
    steps
        .map(|step| {
            let found = session.add_all(step.clone(), &Task::default()).unwrap();
            (found.mask.within(found.mask.tight_box()), found.changed)
        })
        .collect()
}

#[test]
fn a_session_at_a_server_answers_as_one_in_the_program() {
    let played = &made()[0];
    let engine = blobs();
    let served = Served::new(options(), Arc::clone(&engine));
    let remote = Arc::new(served.client());
    assert_eq!((remote.license(), remote.device()), (Some("MIT OR Apache-2.0"), "server (cpu)"));
    let (here, there) = (answers(engine, played, 12), answers(remote, played, 12));
    for (n, (here, there)) in here.iter().zip(&there).enumerate() {
        assert!(here == there, "step {n}: {:?} and {:?}", here.1, there.1);
    }
    assert!(here.last().unwrap().0.count() > 500);
}

#[test]
fn forbidden_voxels_undo_another_object_and_another_picture_are_the_clients_own_business() {
    let served = Served::new(options(), blobs());
    let (remote, local): (Arc<dyn Engine>, _) = (Arc::new(served.client()), blobs());
    let play = |engine: Arc<dyn Engine>| {
        let mut masks = Vec::new();
        for size in [[40, 36, 30], [33, 40, 30]] {
            let mut session = Session::new(Arc::new(ball(size)), Arc::clone(&engine));
            let mut keep =
                |session: &Session| masks.push(session.prediction().map(|p| p.mask.within(p.mask.tight_box())));
            let middle = size.map(|n| n / 2);
            session.add(Prompt::point(middle, true), &Task::default()).unwrap();
            keep(&session);
            session.set_locked(1, true);
            session.select(2);
            session.add(Prompt::point([middle[0] + 8, middle[1], middle[2]], true), &Task::default()).unwrap();
            keep(&session);
            session.add(Prompt::point([middle[0] + 9, middle[1] + 3, middle[2]], false), &Task::default()).unwrap();
            keep(&session);
            session.undo();
            session.add(Prompt::point([middle[0] + 8, middle[1] + 4, middle[2]], true), &Task::default()).unwrap();
            keep(&session);
            session.remove(0, &Task::default()).unwrap();
            keep(&session);
        }
        masks
    };
    let (here, there) = (play(local), play(remote));
    for (n, (here, there)) in here.iter().zip(&there).enumerate() {
        assert!(here == there, "step {n}");
    }
}

#[test]
fn colours_frames_values_and_odd_sizes_come_over_as_they_are() {
    let engine = || limner_segmentation::models::open("classical").unwrap();
    let served = Served::new(options(), engine());
    let remote = served.client();
    let mut mapped = ball([21, 17, 9]);
    (mapped.value_map.slope, mapped.value_map.intercept) = (0.37, -1024.0);
    let mut frames = ball([21, 17, 5]);
    frames.stack_axis = StackAxis::Time;
    let colour =
        crate::common::colour([19, 23, 1], |[i, j, _]| if (i + j) % 7 < 3 { [200, 40, 90] } else { [10, 60, 30] });
    let geometry = ball([21, 17, 9]).geometry;
    let wide = Samples::F64((0..21 * 17 * 9).map(|n| f64::from(n % 97) / 7.0).collect());
    let wide = Volume::new(geometry, wide, 1).unwrap();
    for image in [mapped, frames, colour, wide, ball([1, 1, 1])] {
        let prompts = [Prompt::point(image.size().map(|n| n / 2), true)];
        let request = Request::new(&image, &prompts);
        let task = Task::default();
        let (here, there) = (engine().predict(&request, &task).unwrap(), remote.predict(&request, &task).unwrap());
        assert_eq!(here.mask.within(here.mask.tight_box()), there.mask, "{:?}", image.size());
    }
}

#[test]
fn a_lost_session_is_made_again_with_its_prompts() {
    let played = &made()[0];
    let steps = 6;
    let wanted = answers(blobs(), played, steps);
    // Given up between all prompts: nobody may be idle here.
    let impatient = Options { idle: Duration::from_millis(1), ..options() };
    let mut served = Some(Served::new(impatient, blobs()));
    let address = served.as_ref().unwrap().address;
    let remote: Arc<dyn Engine> = Arc::new(served.as_ref().unwrap().client());
    let mut session = Session::new(Arc::clone(&played.image), remote);
    for (n, step) in played.steps.iter().take(steps).enumerate() {
        let task = Task::default();
        if n == 3 {
            // The server itself goes away and comes back on the same port.
            served = None;
        }
        if served.is_none() {
            served = Some(Served::new(Options { port: address.port(), ..options() }, blobs()));
        }
        let found = session.add_all(step.clone(), &task).unwrap();
        assert!(found.mask.within(found.mask.tight_box()) == wanted[n].0, "step {n}");
        let told = task.warnings.take().iter().any(|warning| warning.code == "session_renewed");
        assert_eq!(told, (1..=3).contains(&n), "step {n}");
        if n < 3 {
            // Until the server has looked.
            sleep(Duration::from_millis(1200));
        }
    }
}

#[test]
fn what_is_wrong_with_a_server_is_said_with_what_to_do() {
    let task = Task::default();
    let key = Key::new("right");
    let full = Options { max_sessions: 1, key: key.clone(), ..options() };
    let served = Served::new(full, Quick::new(Duration::ZERO));
    let connect = |key| Remote::connect(&served.url(), key, &task);
    let said = |outcome: limner_segmentation::Result<Remote>| outcome.map(|_| ()).unwrap_err().to_string();
    assert!(said(connect(None)).contains("wants a key"));
    let wrong = said(connect(Key::new("wrong-4711")));
    assert!(wrong.contains("does not take this key") && !wrong.contains("4711"), "{wrong}");
    let image = ball([12, 12, 12]);
    let prompts = [Prompt::point([6; 3], true)];
    let request = Request::new(&image, &prompts);
    let first = connect(key.clone()).unwrap();
    first.predict(&request, &task).unwrap();
    let second = connect(key).unwrap();
    let full = second.predict(&request, &task).unwrap_err().to_string();
    assert!(full.contains("no free session"), "{full}");
    // Whoever leaves makes room at once.
    drop(first);
    limner_segmentation::remote::farewell(Duration::from_secs(5));
    second.predict(&request, &task).unwrap();
    let nobody = said(Remote::connect("http://127.0.0.1:9", None, &task));
    assert!(nobody.contains("cannot be reached"), "{nobody}");
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let stranger = std::thread::Builder::new().spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let _ = stream.read(&mut [0; 1024]);
        stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nhi").unwrap();
    });
    let other = said(Remote::connect(&format!("http://{address}"), None, &task));
    assert!(other.contains("does not speak"), "{other}");
    stranger.unwrap().join().unwrap();
}

#[test]
fn nobody_waits_longer_than_he_likes() {
    let served = Served::new(options(), Quick::new(Duration::from_secs(60)));
    let remote = served.client();
    let (image, prompts) = (ball([12, 12, 12]), [Prompt::point([6; 3], true)]);
    let task = Task::default();
    let cancel = task.cancel.clone();
    let later = std::thread::Builder::new().spawn(move || {
        sleep(Duration::from_millis(300));
        cancel.cancel();
    });
    let start = Instant::now();
    assert!(remote.predict(&Request::new(&image, &prompts), &task).unwrap_err().is_cancelled());
    assert!(start.elapsed() < Duration::from_secs(2));
    later.unwrap().join().unwrap();
}

/// Eight clients at once, for ten seconds, or for ten minutes in the full run: the right masks, and memory stays.
#[test]
fn eight_clients_at_once_get_their_own_masks_and_memory_stays() {
    let full = std::env::var("LIMNER_FULL").as_deref() == Ok("1");
    let time = Duration::from_secs(if full { 600 } else { 8 });
    let served = Served::new(Options { max_sessions: 8, ..options() }, Quick::new(Duration::from_millis(1)));
    let end = Instant::now() + time;
    let halfway = Instant::now() + time / 2;
    let answers = AtomicUsize::new(0);
    let mut early = None;
    std::thread::scope(|scope| {
        for n in 0..8_usize {
            let (served, answers) = (&served, &answers);
            let client = move || {
                let task = Task::default();
                let image = ball([30 + n, 28, 20]);
                while Instant::now() < end {
                    let remote = served.client();
                    for round in 0..20 {
                        let at = [n, (round * 3) % 28, round];
                        let prompts = [
                            Prompt::point(at, true),
                            Prompt::positive(Shape::Box { bounds: VoxelBox::new(at, at.map(|x| x + 1)) }),
                        ];
                        let found = remote.predict(&Request::new(&image, &prompts), &task).unwrap();
                        assert_eq!(found.mask, Mask::from_fn(VoxelBox::new(at, at.map(|x| x + 1)), |_| true));
                        answers.fetch_add(1, Ordering::Relaxed);
                    }
                    drop(remote);
                    limner_segmentation::remote::farewell(Duration::from_secs(1));
                }
            };
            std::thread::Builder::new().name(format!("client {n}")).spawn_scoped(scope, client).unwrap();
        }
        sleep(halfway - Instant::now());
        early = resident_bytes();
    });
    let count = answers.load(Ordering::Relaxed);
    assert!(count >= 80, "{count} answers");
    if let (Some(early), Some(late)) = (early, resident_bytes()) {
        let _ = writeln!(std::io::stdout(), "8 clients, {count} answers, {} then {} MB", early >> 20, late >> 20);
        // Other tests of this process come and go beside this one.
        let beside = if full { 128 << 20 } else { 256 << 20 };
        assert!(late < early + beside, "{early} then {late} bytes after {count} answers");
    }
}

fn resident_bytes() -> Option<usize> {
    let text = std::fs::read_to_string("/proc/self/statm").ok()?;
    text.split(' ').nth(1)?.parse::<usize>().ok().map(|pages| pages * 4096)
}
