//! Our server by itself, asked in plain HTTP: what it refuses and why, and that no request takes it down or holds a place for
//! ever.

use crate::served::{Quick, Served, blobs, options};
use limner_segmentation::serve::{Key, Limits, Options};
use limner_segmentation::wire::{Dtype, pack};
use serde_json::{Value, json};
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::sync::atomic::Ordering;
use std::thread::sleep;
use std::time::{Duration, Instant};

/// What a server says to one request: its status, heads and body.
struct Heard {
    status: u16,
    heads: String,
    body: Vec<u8>,
}

impl Heard {
    fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }

    fn detail(&self) -> String {
        self.json()["detail"].as_str().unwrap_or_default().to_owned()
    }
}

fn heard(stream: &mut TcpStream) -> Heard {
    let mut bytes = Vec::new();
    // A server that refuses may close before all is read.
    let _ = stream.read_to_end(&mut bytes);
    let end = bytes.windows(4).position(|four| four == b"\r\n\r\n").unwrap_or(bytes.len());
    let heads = String::from_utf8_lossy(&bytes[..end]).to_lowercase();
    let status = heads.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or(0);
    Heard { status, heads, body: bytes.get(end + 4..).unwrap_or_default().to_vec() }
}

fn send(served: &Served, method: &str, path: &str, heads: &[(&str, &str)], body: &[u8]) -> Heard {
    let mut stream = TcpStream::connect(served.address).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    let mut head =
        format!("{method} {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: {}\r\n", body.len());
    heads.iter().for_each(|(name, value)| head.push_str(&format!("{name}: {value}\r\n")));
    let _ = stream.write_all(format!("{head}\r\n").as_bytes()).and_then(|()| stream.write_all(body));
    heard(&mut stream)
}

fn claimed(served: &Served) -> String {
    let heard = send(served, "POST", "/claim", &[], b"");
    assert_eq!(heard.status, 200, "{}", heard.detail());
    heard.json()["lease_token"].as_str().unwrap().to_owned()
}

/// A session with a picture and a place for its mask.
fn begun(served: &Served, size: [usize; 3]) -> String {
    let token = claimed(served);
    let lease = ("x-lease-token", &token[..]);
    let shape = [1, size[2], size[1], size[0]];
    let image: Vec<u8> = (0..size.iter().product::<usize>()).map(|n| (n % 11) as u8 + 1).collect();
    assert_eq!(send(served, "POST", "/set_image", &[lease], &pack(Dtype::U8, &shape, &image, false)).status, 200);
    let target = json!({"shape": shape[1..], "dtype": "uint8"}).to_string();
    assert_eq!(send(served, "POST", "/set_target_buffer", &[lease], target.as_bytes()).status, 200);
    token
}

#[test]
fn requests_are_refused_with_the_documented_status_and_a_reason() {
    let limits = Limits { array_bytes: 1 << 20, ..Limits::default() };
    let served = Served::new(Options { max_sessions: 2, limits, ..options() }, Quick::new(Duration::ZERO));
    let token = begun(&served, [8, 7, 6]);
    let lease = ("x-lease-token", &token[..]);
    let point = |text: &str| send(&served, "POST", "/add_point_interaction", &[lease], text.as_bytes());
    assert_eq!(point(r#"{"coordinates":[3,3,3],"include_interaction":true}"#).status, 200);
    let marks =
        |meta: &str, body: &[u8]| send(&served, "POST", "/add_scribble_interaction", &[lease, ("x-meta", meta)], body);
    let some = pack(Dtype::U8, &[2, 2, 2], &[1; 8], false);
    let good = r#"{"include_interaction":true,"interaction_bbox":[[0,2],[0,2],[0,2]]}"#;
    assert_eq!(marks(good, &some).status, 200);
    let huge =
        [&b"NNIA\x01\x01\x04\x05uint8"[..], &[[0xff; 7].as_slice(), &[0x7f]].concat().repeat(4), &[0; 4]].concat();
    let target = |text: &str| send(&served, "POST", "/set_target_buffer", &[lease], text.as_bytes());
    let unknown = ("x-lease-token", "0123456789abcdef");
    for (status, word, heard) in [
        (400, "json", point("{")),
        (400, "object", point("[1]")),
        (400, "3 numbers", point(r#"{"coordinates":[1,2],"include_interaction":true}"#)),
        (400, "3 numbers", point(r#"{"coordinates":[1,2,null],"include_interaction":true}"#)),
        (400, "include_interaction", point(r#"{"coordinates":[1,2,3]}"#)),
        (400, "outside", point(r#"{"coordinates":[1,2,8],"include_interaction":true}"#)),
        (400, "true or false", point(r#"{"coordinates":[1,2,3],"include_interaction":"yes"}"#)),
        (400, "fill", marks(good, &pack(Dtype::U8, &[2, 2, 3], &[1; 12], false))),
        (400, "lie in", marks(r#"{"include_interaction":true,"interaction_bbox":[[0,2],[0,2],[7,9]]}"#, &some)),
        (400, "x-meta", marks("{", &some)),
        (400, "nnia", marks(good, b"not an array at all")),
        (413, "limit", send(&served, "POST", "/set_image", &[lease], &huge)),
        (413, "larger", send(&served, "POST", "/set_image", &[lease], &vec![0; 3 << 20])),
        (413, "larger", point(&" ".repeat(1 << 17))),
        (413, "limit", target(r#"{"shape":[100000,100000,100000],"dtype":"uint8"}"#)),
        (400, "positive", target(r#"{"shape":[0,1,1],"dtype":"uint8"}"#)),
        (400, "whole numbers", target(r#"{"shape":[1,1,1],"dtype":"float32"}"#)),
        (400, "4 axes", send(&served, "POST", "/set_image", &[lease], &some)),
        (410, "over", send(&served, "POST", "/undo", &[unknown], b"{}")),
        (410, "over", send(&served, "POST", "/set_image", &[unknown], &vec![0; 3 << 20])),
        (410, "no session", send(&served, "POST", "/heartbeat", &[], b"{}")),
        (404, "nothing", send(&served, "GET", "/etc/passwd", &[], b"")),
        (404, "nothing", send(&served, "GET", "/../../etc/passwd", &[], b"")),
        (405, "another way", send(&served, "GET", "/claim", &[], b"")),
        (403, "web", send(&served, "POST", "/claim", &[("origin", "http://evil.example")], b"")),
    ] {
        assert_eq!(heard.status, status, "{word}: {}", heard.detail());
        assert!(heard.detail().to_lowercase().contains(word), "{word}: {}", heard.detail());
    }
    assert_eq!(point(r#"{"coordinates":[3,3,3],"include_interaction":true}"#).status, 200, "it goes on as before");
    let _second = claimed(&served);
    let full = send(&served, "POST", "/claim", &[], b"");
    assert_eq!(full.status, 503);
    assert!(full.heads.contains("retry-after: 10"), "{}", full.heads);
    assert_eq!(send(&served, "POST", "/release", &[lease], b"").status, 200);
    assert_eq!(send(&served, "POST", "/release", &[lease], b"").status, 200, "twice is no mistake");
    claimed(&served);
}

#[test]
fn a_key_is_asked_for_everywhere_but_at_the_door() {
    let served = Served::new(Options { key: Key::new("k"), ..options() }, Quick::new(Duration::ZERO));
    assert_eq!(send(&served, "GET", "/healthz", &[], b"").json(), json!({"ok": true}));
    let shown = ["Bearer", "Bearer ", "Bearer kk", "Basic k", "k", "Bearer \u{7f}k"];
    for heads in shown.map(|shown| vec![("authorization", shown)]).into_iter().chain([vec![]]) {
        for (method, path) in [("GET", "/capabilities"), ("POST", "/claim"), ("POST", "/set_image"), ("POST", "/undo")]
        {
            let heard = send(&served, method, path, &heads, b"");
            assert!([400, 401].contains(&heard.status), "{path} {heads:?}: {}", heard.status);
        }
    }
    let heard = send(&served, "GET", "/capabilities", &[("authorization", "Bearer k")], b"");
    assert_eq!(heard.json()["channel_mapping"]["points"], json!([3, 4]));
}

/// Waits until something is so.
fn until(what: &str, mut is_so: impl FnMut() -> bool) {
    let start = Instant::now();
    while !is_so() {
        assert!(start.elapsed() < Duration::from_secs(10), "{what}");
        sleep(Duration::from_millis(20));
    }
}

#[test]
fn clients_that_die_stall_or_walk_away_give_their_place_back() {
    let limits = Limits { stall: Duration::from_millis(300), head: Duration::from_millis(300), ..Limits::default() };
    let patience = Options { max_sessions: 1, liveness: Duration::from_millis(300), limits, ..options() };
    let quick = Quick::new(Duration::from_secs(120));
    let served = Served::new(patience, quick.clone());
    let free = || send(&served, "POST", "/claim", &[], b"").status == 200;
    // Not heard of any more.
    claimed(&served);
    until("a silent client keeps its place", free);
    // Killed in the middle of a prediction that would take two minutes.
    until("the last one goes", || {
        let heard = send(&served, "POST", "/claim", &[], b"");
        heard.json()["lease_token"].as_str().is_some_and(|token| {
            send(&served, "POST", "/release", &[("x-lease-token", token)], b"");
            true
        })
    });
    let token = begun(&served, [8, 7, 6]);
    let mut stream = TcpStream::connect(served.address).unwrap();
    let body = r#"{"coordinates":[3,3,3],"include_interaction":true}"#;
    let head = format!(
        "POST /add_point_interaction HTTP/1.1\r\nhost: x\r\nx-lease-token: {token}\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    );
    stream.write_all(head.as_bytes()).unwrap();
    until("the prediction begins", || quick.asked.load(Ordering::Relaxed) == 1);
    sleep(Duration::from_millis(700));
    assert!(!free(), "who waits for an answer is not given up");
    drop(stream);
    until("a killed client keeps its place", free);
    // Slow heads and slow bodies end.
    let mut slow = TcpStream::connect(served.address).unwrap();
    slow.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
    slow.write_all(b"GET /healthz HTTP/1.1\r\nhos").unwrap();
    let start = Instant::now();
    let _ = slow.read_to_end(&mut Vec::new());
    assert!(start.elapsed() < Duration::from_secs(5), "a head that never ends");
    until("the last one goes", free);
    let mut slow = TcpStream::connect(served.address).unwrap();
    slow.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    slow.write_all(b"POST /claim HTTP/1.1\r\nhost: x\r\ncontent-length: 100\r\n\r\nslow").unwrap();
    let start = Instant::now();
    assert_ne!(heard(&mut slow).status, 500);
    assert!(start.elapsed() < Duration::from_secs(10), "a body that never ends");
}

#[test]
fn undo_goes_one_step_back_and_tells_what_changed() {
    let served = Served::new(options(), blobs());
    let token = begun(&served, [40, 36, 30]);
    let lease = ("x-lease-token", &token[..]);
    let ask = |path: &str, body: &str| {
        let heard = send(&served, "POST", path, &[lease], body.as_bytes());
        assert_eq!(heard.status, 200, "{path}: {}", heard.detail());
        let meta = heard.heads.lines().find_map(|line| line.strip_prefix("x-meta: ").map(str::to_owned)).unwrap();
        serde_json::from_str::<Value>(&meta).unwrap()
    };
    let nothing = json!({"ran_prediction": false, "bbox": null});
    assert_eq!(ask("/undo", "{}"), nothing);
    assert_eq!(ask("/predict", "{}"), nothing);
    let add = |at: usize, run: bool| {
        let body = json!({"coordinates": [at, at, at], "include_interaction": true, "run_prediction": run});
        ask("/add_point_interaction", &body.to_string())
    };
    assert_eq!(add(12, false), nothing);
    let first = ask("/predict", "{}");
    assert!(first["ran_prediction"] == true && first["bbox"].is_array(), "{first}");
    assert_eq!(ask("/predict", "{}"), nothing, "nothing waits any more");
    add(20, true);
    assert_eq!(ask("/undo", "")["ran_prediction"], true);
    assert_eq!(ask("/undo", ""), nothing, "one step, as the protocol has it");
    assert_eq!(ask("/predict", "{}"), nothing);
    add(20, true);
    assert_eq!(send(&served, "POST", "/reset_interactions", &[lease], b"{}").status, 200);
    assert_eq!(ask("/undo", ""), nothing);
}

/// Spoiled requests at every place: each is answered with a reason, and the session goes on.
#[test]
fn spoiled_bodies_are_refused_with_reasons_at_every_place() {
    let limits = Limits { array_bytes: 1 << 16, ..Limits::default() };
    let served = Served::new(Options { limits, ..options() }, Quick::new(Duration::ZERO));
    let token = begun(&served, [8, 7, 6]);
    let lease = ("x-lease-token", &token[..]);
    let array = pack(Dtype::U8, &[6, 7, 8], &[1; 336], false);
    let texts = [
        r#"{"coordinates":[3,3,3],"include_interaction":true}"#,
        r#"{"bbox_coords":[[1,2],[1,5],[2,6]],"include_interaction":false,"run_prediction":true}"#,
        r#"{"shape":[6,7,8],"dtype":"uint8"}"#,
        r#"{"do_autozoom":false,"image_properties":{"spacing":[1,1,1]},"interaction_bbox":[[0,6],[0,7],[0,8]]}"#,
    ];
    let json = ["/add_point_interaction", "/add_bbox_interaction", "/set_do_autozoom", "/predict", "/undo"];
    let arrays = ["/add_scribble_interaction", "/add_lasso_interaction", "/add_initial_seg_interaction"];
    let mut dice = limner_segmentation::evaluate::robot::Dice(4);
    let mut spoiled = |bytes: &[u8]| {
        let mut bytes = bytes.to_vec();
        for _ in 0..1 + dice.below(3) {
            let (place, value) = (dice.below(bytes.len()), 32 + dice.below(95) as u8);
            bytes[place] = value;
        }
        let cut = bytes.len() - dice.below(bytes.len()) * dice.below(2);
        bytes.truncate(cut);
        bytes
    };
    let mut refused = 0;
    for n in 0..300 {
        let text = spoiled(texts[n % texts.len()].as_bytes());
        let heard = if n % 2 == 0 {
            send(&served, "POST", json[n / 2 % json.len()], &[lease], &text)
        } else {
            let meta = String::from_utf8_lossy(&text).into_owned();
            send(&served, "POST", arrays[n / 2 % arrays.len()], &[lease, ("x-meta", &meta)], &spoiled(&array))
        };
        assert!([200, 400, 413].contains(&heard.status), "request {n}: {} {}", heard.status, heard.detail());
        assert!(heard.status == 200 || !heard.detail().is_empty(), "request {n} was refused without a reason");
        refused += usize::from(heard.status != 200);
    }
    assert!(refused > 150, "{refused} of 300");
    let whole = send(&served, "POST", "/add_point_interaction", &[lease], texts[0].as_bytes());
    assert_eq!(whole.status, 200, "{}", whole.detail());
}

#[test]
fn pictures_of_all_sessions_share_the_memory_there_is() {
    let limits = Limits { array_bytes: 1000, ..Limits::default() };
    let served = Served::new(Options { limits, ..options() }, Quick::new(Duration::ZERO));
    let image = pack(Dtype::U8, &[1, 10, 10, 9], &[1; 900], false);
    let show = |token: &str| send(&served, "POST", "/set_image", &[("x-lease-token", token)], &image).status;
    let tokens = [0; 3].map(|_| claimed(&served));
    assert_eq!(tokens.each_ref().map(|token| show(token)), [200, 200, 413]);
    assert_eq!(show(&tokens[0]), 200, "another one in the place of one's own");
    send(&served, "POST", "/release", &[("x-lease-token", &tokens[1])], b"");
    until("whoever leaves makes room", || show(&tokens[2]) == 200);
}
