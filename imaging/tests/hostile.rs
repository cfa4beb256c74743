//! Files with bytes changed, cut and swapped: every parser answers, none panics, hangs or takes the memory a header
//! asks for. The same functions a fuzzer calls, driven by a small seeded mutator; a few thousand cases, or as long as
//! `LIMNER_HOSTILE_SECONDS` says.

#[path = "support/fuzz.rs"]
mod fuzz;
#[path = "support/seeds.rs"]
mod seeds;
mod support;

use std::path::Path;
use std::time::{Duration, Instant};

/// A small generator: the same cases on every machine.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut x = self.0;
        x = (x ^ (x >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        x = (x ^ (x >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        x ^ (x >> 31)
    }

    fn below(&mut self, limit: usize) -> usize {
        (self.next() % limit.max(1) as u64) as usize
    }
}

fn spoil(bytes: &mut Vec<u8>, random: &mut Random) {
    for _ in 0..=random.below(4) {
        let header = bytes.len().min(2048);
        let at = if random.below(3) == 0 { random.below(bytes.len()) } else { random.below(header) };
        match random.below(7) {
            0 => bytes[at] ^= 1 << random.below(8),
            1 => bytes[at] = [0, 0xFF, 0x7F, 0x80][random.below(4)],
            2 => bytes.truncate(at.max(1)),
            3 => {
                let end = (at + 4).min(bytes.len());
                bytes[at..end].fill(0xFF);
            }
            4 => {
                let end = (at + 1 + random.below(16)).min(bytes.len());
                bytes.drain(at..end);
            }
            5 => put_number(bytes, at, random),
            _ => {
                let piece: Vec<u8> = bytes[at..(at + 16).min(bytes.len())].to_vec();
                bytes.splice(at..at, piece);
            }
        }
        if bytes.is_empty() {
            bytes.push(0);
        }
    }
}

/// A number that has brought readers down before: no number, endless, nothing, less than nothing, far too much.
fn put_number(bytes: &mut [u8], at: usize, random: &mut Random) {
    let float = [f32::NAN, f32::INFINITY, 0.0, -1.0, f32::MAX, f32::MIN_POSITIVE][random.below(6)];
    let number: [u8; 4] = match random.below(3) {
        0 => float.to_le_bytes(),
        1 => float.to_be_bytes(),
        _ => [0xFF, 0x7F, 0xFF, 0x7F],
    };
    let end = (at + 4).min(bytes.len());
    bytes[at..end].copy_from_slice(&number[..end - at]);
}

#[test]
fn spoiled_files_never_bring_a_reader_down() {
    let seeds = seeds::all();
    // What the codecs' own panics print is of no interest here; a panic that gets out fails the test.
    std::panic::set_hook(Box::new(|_| {}));
    let seconds = std::env::var("LIMNER_HOSTILE_SECONDS").ok().and_then(|s| s.parse().ok()).unwrap_or(20);
    let first = std::env::var("LIMNER_HOSTILE_SEED").ok().and_then(|s| s.parse().ok()).unwrap_or(7);
    let deadline = Instant::now() + Duration::from_secs(seconds);
    let mut random = Random(first);
    let (mut cases, mut slowest) = (0, (Duration::ZERO, String::new()));
    while Instant::now() < deadline {
        for (name, bytes) in &seeds {
            let mut bytes = bytes.clone();
            spoil(&mut bytes, &mut random);
            let file = Path::new(name).file_name().map_or("a", |n| n.to_str().unwrap_or("a"));
            let started = Instant::now();
            if let Err(panic) = std::panic::catch_unwind(|| fuzz::bytes(file, &bytes)) {
                keep_and_fail(file, &bytes, name, cases, &*panic);
            }
            let took = started.elapsed();
            if took > slowest.0 {
                slowest = (took, name.clone());
            }
            cases += 1;
        }
    }
    let _ = std::panic::take_hook();
    println!("{cases} spoiled files of {} kinds read, the slowest ({}) in {:?}", seeds.len(), slowest.1, slowest.0);
    assert!(slowest.0 < Duration::from_secs(10), "{} took {:?}", slowest.1, slowest.0);
}

fn keep_and_fail(file: &str, bytes: &[u8], seed: &str, case: usize, panic: &(dyn std::any::Any + Send)) -> ! {
    let kept = std::env::temp_dir().join(format!("limner-hostile-{case}-{file}"));
    let _ = std::fs::write(&kept, bytes);
    let _ = std::panic::take_hook();
    let text = panic.downcast_ref::<String>().map(String::as_str);
    let said = text.or(panic.downcast_ref::<&str>().copied()).unwrap_or("no words");
    panic!("a spoiled {seed} brought the reader down ({said}); the file is kept as {}", kept.display());
}
