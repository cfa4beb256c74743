//! Unpacks on a thread of its own what is read here, so that copying, and waiting for memory, cost no time.

use std::io::{Error, ErrorKind, Read, Result};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

const PIECE_BYTES: usize = 1 << 20;
/// Pieces that wait to be read.
const AHEAD: usize = 2;

/// Bytes, and what ended them if they are the last.
type Piece = (Vec<u8>, Option<Result<()>>);

/// What a source gives, in the same order: bytes that came before a fault, then the fault.
pub struct Ahead {
    pieces: Receiver<Piece>,
    /// Buffers that can be filled again.
    spare: SyncSender<Vec<u8>>,
    piece: Piece,
    given: usize,
}

impl Ahead {
    /// Begins to read; goes on at most a few pieces ahead, and ends when this is dropped.
    pub fn new(mut source: impl Read + Send + 'static) -> Result<Self> {
        let (send, pieces) = sync_channel::<Piece>(AHEAD);
        let (spare, used) = sync_channel::<Vec<u8>>(AHEAD + 2);
        let work = move || {
            loop {
                let piece = fill(&mut source, used.try_recv().unwrap_or_default());
                let ended = piece.1.is_some();
                if send.send(piece).is_err() || ended {
                    return;
                }
            }
        };
        std::thread::Builder::new().name("unpack".into()).spawn(work)?;
        Ok(Self { pieces, spare, piece: (Vec::new(), None), given: 0 })
    }
}

fn fill(source: &mut impl Read, mut buffer: Vec<u8>) -> Piece {
    buffer.resize(PIECE_BYTES, 0);
    let mut filled = 0;
    let ended = loop {
        if filled == PIECE_BYTES {
            break None;
        }
        match source.read(&mut buffer[filled..]) {
            Ok(0) => break Some(Ok(())),
            Ok(count) => filled += count,
            Err(e) if e.kind() == ErrorKind::Interrupted => {}
            Err(e) => break Some(Err(e)),
        }
    };
    buffer.truncate(filled);
    (buffer, ended)
}

impl Read for Ahead {
    fn read(&mut self, out: &mut [u8]) -> Result<usize> {
        while self.given == self.piece.0.len() && !out.is_empty() {
            match &mut self.piece.1 {
                Some(ended) => return std::mem::replace(ended, Ok(())).map(|()| 0),
                None => {
                    // Where enough buffers wait already this one is let go.
                    let _ = self.spare.try_send(std::mem::take(&mut self.piece.0));
                    let stopped = |_| Error::other("unpacking has stopped early");
                    self.piece = self.pieces.recv().map_err(stopped)?;
                    self.given = 0;
                }
            }
        }
        let left = &self.piece.0[self.given..];
        let count = left.len().min(out.len());
        out[..count].copy_from_slice(&left[..count]);
        self.given += count;
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;

    /// So many bytes, then a fault.
    struct Faulty(usize);

    impl Read for Faulty {
        fn read(&mut self, out: &mut [u8]) -> Result<usize> {
            let count = out.len().min(self.0).min(1000);
            out[..count].fill(7);
            self.0 -= count;
            if count > 0 { Ok(count) } else { Err(ErrorKind::InvalidData.into()) }
        }
    }

    #[test]
    fn bytes_come_in_order_and_a_fault_after_them() {
        let bytes: Vec<u8> = (0..5 * PIECE_BYTES / 2).map(|n| (n % 251) as u8).collect();
        let mut out = Vec::new();
        Ahead::new(std::io::Cursor::new(bytes.clone())).unwrap().read_to_end(&mut out).unwrap();
        assert!(out == bytes);
        for count in [0, 1, PIECE_BYTES, PIECE_BYTES + 1] {
            let mut out = Vec::new();
            let fault = Ahead::new(Faulty(count)).unwrap().read_to_end(&mut out).unwrap_err();
            assert_eq!((out.len(), fault.kind()), (count, ErrorKind::InvalidData));
        }
    }

    #[test]
    fn nobody_unpacks_what_nobody_reads() {
        struct Endless(#[expect(dead_code, reason = "counted, not read")] Arc<()>);
        impl Read for Endless {
            fn read(&mut self, out: &mut [u8]) -> Result<usize> {
                Ok(out.len())
            }
        }
        let alive = Arc::new(());
        let mut ahead = Ahead::new(Endless(alive.clone())).unwrap();
        assert_eq!(ahead.read(&mut [0; 10]).unwrap(), 10);
        drop(ahead);
        for _ in 0..1000 {
            if Arc::strong_count(&alive) == 1 {
                return;
            }
            std::thread::sleep(std::time::Duration::from_millis(10));
        }
        panic!("the thread goes on");
    }
}
