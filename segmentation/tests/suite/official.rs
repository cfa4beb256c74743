//! The official client on our server, our client on the official server, and arrays from either side
//! (tests/judges/full/served.py).
//!
//! Arrays the official code packed are kept in tests/data (LIMNER_RECORD=1 makes them anew); the programs themselves are
//! run where LIMNER_FULL=1.

use crate::nninteractive::{full, wide_model};
use crate::scenario::{Played, judge_python, made, write};
use crate::served::{Served, options};
use limner_imaging::{Mask, Task};
use limner_segmentation::neural::Neural;
use limner_segmentation::remote::Remote;
use limner_segmentation::serve::{Key, Options};
use limner_segmentation::wire::{Dtype, pack, unpack};
use limner_segmentation::{Engine, Session};
use serde::Deserialize;
use sha2::{Digest as _, Sha256};
use std::io::{BufRead as _, BufReader};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::thread::sleep;
use std::time::{Duration, Instant};

const LEAST_DICE: f64 = 0.999;

fn judge() -> Command {
    let python =
        judge_python("nninteractive").expect("the environment nninteractive is not there: tests/judges/prepare.sh");
    let mut command = Command::new(python);
    command.arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/judges/full/served.py"));
    command
}

fn judged(arguments: &[&dyn AsRef<std::ffi::OsStr>]) -> String {
    let done = judge().args(arguments).output().unwrap();
    let said = String::from_utf8_lossy(&done.stdout).into_owned();
    assert!(done.status.success(), "{said}\n{}", String::from_utf8_lossy(&done.stderr));
    said
}

#[derive(Deserialize)]
struct Kept {
    name: String,
    dtype: String,
    shape: Vec<usize>,
    packed: String,
    sha256: String,
}

fn from_base64(text: &str) -> Vec<u8> {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut out = Vec::with_capacity(text.len() / 4 * 3);
    for four in text.as_bytes().chunks_exact(4) {
        let digit = |c: &u8| DIGITS.iter().position(|digit| digit == c).unwrap_or(0);
        let bits = four.iter().fold(0, |bits, c| bits << 6 | digit(c));
        let padding = four.iter().filter(|&&c| c == b'=').count();
        out.extend([bits >> 16, bits >> 8, bits].map(|byte| byte as u8).iter().take(3 - padding));
    }
    out
}

fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|b| format!("{b:02x}")).collect()
}

#[test]
fn arrays_the_official_code_packed_are_read() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/arrays.json");
    if std::env::var("LIMNER_RECORD").as_deref() == Ok("1") {
        judged(&[&"arrays", &path]);
    }
    let kept: Vec<Kept> = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    assert!(kept.len() > 170, "{} arrays", kept.len());
    for one in kept {
        let array = unpack(&from_base64(&one.packed), 1 << 24).unwrap_or_else(|why| panic!("{}: {why}", one.name));
        assert_eq!((array.dtype.name(), &array.shape), (&one.dtype[..], &one.shape), "{}", one.name);
        assert_eq!(sha256(&array.bytes), one.sha256, "{}", one.name);
    }
}

#[test]
fn arrays_of_ours_are_read_by_the_official_code() {
    if !full() {
        return;
    }
    let home = tempfile::tempdir().unwrap();
    let mut count = 0;
    for dtype in Dtype::ALL {
        let cases: [(&str, Vec<usize>, Value); 7] = [
            ("none", vec![2, 0], |_| 0),
            ("one", vec![1], |_| 1),
            ("odd", vec![7, 11, 13], |n| (n % 3) as u8),
            ("zeros", vec![300_001], |_| 0),
            ("same", vec![300_001], |_| 1),
            ("steps", vec![3, 100_003], |n| (n / 1000) as u8),
            ("noise", vec![100_003], |n| (n as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15).to_le_bytes()[5]),
        ];
        for (name, shape, value) in cases {
            let bytes: Vec<u8> = (0..shape.iter().product::<usize>() * dtype.bytes()).map(value).collect();
            let bytes = if dtype == Dtype::Bool { bytes.iter().map(|b| b & 1).collect() } else { bytes };
            for shuffled in [false, true] {
                let stem = home.path().join(format!("{} {name} {shuffled}", dtype.name()));
                std::fs::write(stem.with_extension("packed"), pack(dtype, &shape, &bytes, shuffled)).unwrap();
                std::fs::write(stem.with_extension("raw"), &bytes).unwrap();
                let said = serde_json::json!([dtype.name(), shape]).to_string();
                std::fs::write(stem.with_extension("json"), said).unwrap();
                count += 1;
            }
        }
    }
    assert_eq!(judged(&[&"unpack", &home.path()]).trim(), format!("{count} arrays unpacked"));
}

fn network(folder: &Path) -> Arc<dyn Engine> {
    Arc::new(Neural::open(folder, "blobs").unwrap())
}

#[test]
fn the_official_client_drives_our_server_through_its_whole_interface() {
    if !full() {
        return;
    }
    let home = tempfile::tempdir().unwrap();
    let model = wide_model(home.path());
    let played = made();
    write(&played, &model, home.path());
    let one = Options { max_sessions: 1, key: Key::new("room 7"), ..options() };
    let served = Served::new(one, network(&model));
    let said = judged(&[&"drive", &served.url(), &"room 7", &home.path().join("scenario.json")]);
    assert!(said.ends_with("driven\n"), "{said}");
}

/// What byte stands at a place.
type Value = fn(usize) -> u8;

/// The official server as a process of its own, ended with the test.
struct Official(Child);

impl Official {
    fn new(model: &Path, port: u16, sessions: usize) -> Self {
        let (port_text, sessions) = (port.to_string(), sessions.to_string());
        let mut child = judge()
            .args([Path::new("serve"), model, Path::new(&port_text), Path::new("k"), Path::new(&sessions)])
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let start = Instant::now();
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            let ended = child.try_wait().unwrap();
            if ended.is_some() || start.elapsed() > Duration::from_secs(180) {
                let said: Vec<String> =
                    BufReader::new(child.stderr.take().unwrap()).lines().map_while(Result::ok).collect();
                panic!("the official server did not start: {}", said.join("\n"));
            }
            sleep(Duration::from_millis(200));
        }
        Self(child)
    }
}

impl Drop for Official {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

fn dice(a: &Mask, b: &Mask) -> f64 {
    if a.is_empty() && b.is_empty() { 1.0 } else { crate::common::dice(a, b) }
}

#[test]
fn our_client_drives_the_official_server() {
    if !full() {
        return;
    }
    let home = tempfile::tempdir().unwrap();
    let model: PathBuf = wide_model(home.path());
    let port = free_port();
    let url = format!("http://127.0.0.1:{port}");
    let task = Task::default();
    let connect = |key: &str| Remote::connect(&url, Key::new(key), &task);
    let mut server = Some(Official::new(&model, port, 1));
    assert!(connect("wrong").map(|_| ()).unwrap_err().to_string().contains("key"));
    let remote: Arc<dyn Engine> = Arc::new(connect("k").unwrap());
    assert!(remote.capabilities().box_3d_by_slice && remote.license().is_none());
    let mut count = 0;
    for Played { name, image, steps, .. } in made() {
        let mut here = Session::new(Arc::clone(&image), network(&model));
        let mut there = Session::new(Arc::clone(&image), Arc::clone(&remote));
        for (n, step) in steps.iter().enumerate() {
            if n == 5 && name == "ball" {
                // Killed and started again: the session is made again from what the client knows.
                server = None;
            }
            let began = server.is_none();
            if began {
                server = Some(Official::new(&model, port, 1));
            }
            let task = Task::default();
            let wanted = here.add_all(step.clone(), &task).unwrap().mask.clone();
            let found = there.add_all(step.clone(), &task).unwrap();
            let agree = dice(&found.mask, &wanted);
            assert!(agree >= LEAST_DICE, "{name} step {n}: Dice {agree}");
            assert_eq!(task.warnings.take().iter().any(|w| w.code == "session_renewed"), began, "{name} step {n}");
            count += 1;
        }
    }
    assert_eq!(count, 24);
    // One session there is, and it is taken.
    let second = connect("k").unwrap();
    let played = &made()[0];
    let request = limner_segmentation::Request::new(&played.image, &played.steps[0]);
    let full = second.predict(&request, &task).unwrap_err().to_string();
    assert!(full.contains("no free session"), "{full}");
    drop(server);
}
