//! Text a person wrote, in the character sets people write in (PS3.5 6.1), code extensions included.

use super::dataset::View;
use super::tags::Tag;
use dicom_encoding::text::{SpecificCharacterSet, TextCodec};

const CHARACTER_SET: Tag = 0x0008_0005;
const ESCAPE: u8 = 0x1B;

/// The text of an element, without padding; signs nobody can read become replacement characters.
pub fn decoded(view: &View<'_>, tag: Tag) -> String {
    let bytes = view.raw(tag).unwrap_or_default();
    let text = decode(bytes, view.text(CHARACTER_SET).unwrap_or(""));
    text.trim_matches(|c: char| c.is_whitespace() || c == '\0').to_owned()
}

/// `named` is the file's Specific Character Set; its first value holds until an escape says otherwise.
fn decode(bytes: &[u8], named: &str) -> String {
    let mut sets = named.split('\\').map(|code| SpecificCharacterSet::from_code(code.trim()));
    let first = sets.next().flatten();
    if !bytes.contains(&ESCAPE) {
        // Without escapes a later set cannot be meant, except by writers who name the set second and forget to.
        let second = named.split('\\').skip(1).find_map(|code| SpecificCharacterSet::from_code(code.trim()));
        let candidates = [first, second, Some(utf8())];
        let mut texts = candidates.into_iter().flatten().filter_map(|set| set.decode(bytes).ok());
        return texts.next().unwrap_or_else(|| String::from_utf8_lossy(bytes).into_owned());
    }
    let mut out = String::new();
    let mut state = State { wide: None, upper: first.clone() };
    let mut pieces = bytes.split(|&b| b == ESCAPE);
    state.write(pieces.next().unwrap_or_default(), &first, &mut out);
    for piece in pieces {
        let taken = state.escape(piece);
        state.write(&piece[taken..], &first, &mut out);
    }
    out
}

fn utf8() -> SpecificCharacterSet {
    SpecificCharacterSet::ISO_IR_192
}

/// What the codes stand for at a place in the text.
struct State {
    /// The escape of a set of two bytes a sign in the lower half.
    wide: Option<&'static [u8]>,
    /// The set of the upper half.
    upper: Option<SpecificCharacterSet>,
}

/// Escapes and what they call in: a wide lower set, or an upper set by its DICOM name.
const LOWER: &[(&[u8], Option<&[u8]>)] =
    &[(b"(B", None), (b"(J", None), (b"$B", Some(b"\x1B$B")), (b"$@", Some(b"\x1B$B")), (b"$(D", Some(b"\x1B$(D"))];
const UPPER: &[(&[u8], &str)] = &[
    (b"$)C", "ISO_IR 149"),
    (b"$)A", "ISO 2022 IR 58"),
    (b")I", "ISO_IR 13"),
    (b"-A", "ISO_IR 100"),
    (b"-B", "ISO_IR 101"),
    (b"-C", "ISO_IR 109"),
    (b"-D", "ISO_IR 110"),
    (b"-F", "ISO_IR 126"),
    (b"-G", "ISO_IR 127"),
    (b"-H", "ISO_IR 138"),
    (b"-L", "ISO_IR 144"),
    (b"-T", "ISO_IR 166"),
];

impl State {
    /// Follows the escape a piece begins with; how many bytes it takes.
    fn escape(&mut self, piece: &[u8]) -> usize {
        if let Some((escape, wide)) = LOWER.iter().find(|(escape, _)| piece.starts_with(escape)) {
            self.wide = *wide;
            return escape.len();
        }
        match UPPER.iter().find(|(escape, _)| piece.starts_with(escape)) {
            Some((escape, name)) => {
                self.upper = SpecificCharacterSet::from_code(name);
                self.wide = None;
                escape.len()
            }
            None => 0,
        }
    }

    /// Writes bytes up to the next escape. A delimiter of names or values calls the first set back.
    fn write(&mut self, bytes: &[u8], first: &Option<SpecificCharacterSet>, out: &mut String) {
        let mut rest = bytes;
        while !rest.is_empty() {
            let delimiter = rest.iter().position(|b| self.wide.is_none() && matches!(b, b'^' | b'=' | b'\\'));
            let (run, after) = rest.split_at(delimiter.unwrap_or(rest.len()));
            out.push_str(&self.read(run));
            rest = after;
            if let Some((&sign, after)) = after.split_first() {
                out.push(sign.into());
                self.upper.clone_from(first);
                rest = after;
            }
        }
    }

    fn read(&self, run: &[u8]) -> String {
        let decoded = match (self.wide, &self.upper) {
            (Some(escape), _) => {
                SpecificCharacterSet::from_code("ISO_IR 87").and_then(|set| set.decode(&[escape, run].concat()).ok())
            }
            (None, Some(set)) => set.decode(run).ok(),
            (None, None) => None,
        };
        decoded.unwrap_or_else(|| String::from_utf8_lossy(run).into_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The names the standard itself gives as examples (PS3.5 annexes H, I and J).
    #[test]
    fn the_examples_of_the_standard_are_read() {
        let japanese = b"Yamada^Tarou=\x1b$B;3ED\x1b(B^\x1b$BB@O:\x1b(B=\x1b$B$d$^$@\x1b(B^\x1b$B$?$m$&\x1b(B";
        assert_eq!(decode(japanese, "\\ISO 2022 IR 87"), "Yamada^Tarou=山田^太郎=やまだ^たろう");
        let mixed =
            b"\xd4\xcf\xc0\xde^\xc0\xdb\xb3=\x1b$B;3ED\x1b(J^\x1b$BB@O:\x1b(J=\x1b$B$d$^$@\x1b(J^\x1b$B$?$m$&\x1b(J";
        assert_eq!(decode(mixed, "ISO 2022 IR 13\\ISO 2022 IR 87"), "ﾔﾏﾀﾞ^ﾀﾛｳ=山田^太郎=やまだ^たろう");
        let korean = b"Hong^Gildong=\x1b$)C\xfb\xf3^\x1b$)C\xd1\xce\xd4\xd7=\x1b$)C\xc8\xab^\x1b$)C\xb1\xe6\xb5\xbf";
        assert_eq!(decode(korean, "\\ISO 2022 IR 149"), "Hong^Gildong=洪^吉洞=홍^길동");
        assert_eq!(decode("Wang^XiaoDong=王^小東=".as_bytes(), "ISO_IR 192"), "Wang^XiaoDong=王^小東=");
        assert_eq!(decode(b"Wang^XiaoDong=\xcd\xf5^\xd0\xa1\xb6\xab=", "GB18030"), "Wang^XiaoDong=王^小东=");
        assert_eq!(decode(b"Buc^J\xe9r\xf4me", "ISO_IR 100"), "Buc^Jérôme");
        assert_eq!(decode(b"\xc4\xe9\xef\xed\xf5\xf3\xe9\xef\xf2", "ISO_IR 126"), "Διονυσιος");
        assert_eq!(decode(b"\xf9\xf8\xe5\xef^\xe3\xe1\xe5\xf8\xe4", "ISO_IR 138"), "שרון^דבורה");
        assert_eq!(decode(b"\xbb\xee\xda\x63\x65\xdc\xd1yp\xd3", "ISO_IR 144"), "Люкceмбypг");
        assert_eq!(decode(b"\xe2\xc8\xc7\xe6\xea^\xe4\xe6\xd2\xc7\xd1", "ISO_IR 127"), "قباني^لنزار");
    }

    #[test]
    fn unknown_sets_and_cut_escapes_never_fail() {
        for bytes in [b"\x1b".as_slice(), b"a\x1b$", b"\xff\xfe", b"\x1b$B\x30", b"\x1bxyz"] {
            for named in ["", "nonsense", "ISO 2022 IR 87", "\\\\"] {
                decode(bytes, named);
            }
        }
    }
}
