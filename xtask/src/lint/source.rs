//! Rust source taken apart far enough to count in it: what is code, what is comment, where blocks end.
//!
//! No parser: a lexer that knows comments, strings and characters is enough, and it reads whatever compiles.

/// The text of a file twice, each with as many characters as the file: once with code only, once with comments only. What is left
/// out is blank, so lines and columns stay where they are.
#[derive(Debug)]
pub struct Source {
    pub code: String,
    pub comments: String,
}

/// What a character belongs to.
#[derive(Clone, Copy, PartialEq)]
enum Part {
    Code,
    Comment,
    /// Inside of a string or character: neither code nor comment.
    Literal,
}

impl Source {
    pub fn new(text: &str) -> Self {
        let characters: Vec<char> = text.chars().collect();
        let parts = parts_of(&characters);
        let only = |wanted: Part| {
            let kept = characters.iter().zip(&parts);
            kept.map(|(&c, &part)| if c == '\n' || part == wanted { c } else { ' ' }).collect()
        };
        Self { code: only(Part::Code), comments: only(Part::Comment) }
    }

    /// The line, counted from 1, a byte of the code is on.
    pub fn line_of(&self, at: usize) -> usize {
        self.code[..at].matches('\n').count() + 1
    }

    /// The byte after the bracket that closes the one at `open`; the end of the file where none does.
    pub fn end_of_block(&self, open: usize) -> usize {
        let mut depth = 0_usize;
        for (n, byte) in self.code.bytes().enumerate().skip(open) {
            match byte {
                b'{' | b'(' | b'[' => depth += 1,
                b'}' | b')' | b']' => {
                    depth = depth.saturating_sub(1);
                    if depth == 0 {
                        return n + 1;
                    }
                }
                _ => {}
            }
        }
        self.code.len()
    }

    /// Byte ranges of everything under `#[cfg(test)]`.
    pub fn test_blocks(&self) -> Vec<std::ops::Range<usize>> {
        let starts = self.code.match_indices("#[cfg(test)]");
        starts
            .map(|(start, attribute)| {
                let after = start + attribute.len();
                let open = self.code[after..].find(['{', ';']).map_or(self.code.len(), |n| after + n);
                let is_block = self.code[open..].starts_with('{');
                start..if is_block { self.end_of_block(open) } else { (open + 1).min(self.code.len()) }
            })
            .collect()
    }
}

fn parts_of(characters: &[char]) -> Vec<Part> {
    let mut parts = vec![Part::Code; characters.len()];
    let mut n = 0;
    while n < characters.len() {
        let (end, part) = match characters[n] {
            '/' if characters.get(n + 1) == Some(&'/') => (end_of_line(characters, n), Part::Comment),
            '/' if characters.get(n + 1) == Some(&'*') => (end_of_comment(characters, n), Part::Comment),
            '"' => (end_of_string(characters, n), Part::Literal),
            '\'' => match character(characters, n) {
                Some(end) => (end, Part::Literal),
                None => (n + 1, Part::Code),
            },
            'r' if !continues_word(characters, n) => match raw_string(characters, n) {
                Some(end) => (end, Part::Literal),
                None => (n + 1, Part::Code),
            },
            _ => (n + 1, Part::Code),
        };
        let end = end.clamp(n + 1, characters.len());
        parts[n..end].fill(part);
        n = end;
    }
    parts
}

fn end_of_line(characters: &[char], start: usize) -> usize {
    characters[start..].iter().position(|&c| c == '\n').map_or(characters.len(), |n| start + n)
}

/// Block comments nest.
fn end_of_comment(characters: &[char], start: usize) -> usize {
    let mut depth = 0_usize;
    let mut n = start;
    while n + 1 < characters.len() {
        match (characters[n], characters[n + 1]) {
            ('/', '*') => depth += 1,
            ('*', '/') => depth -= 1,
            _ => {
                n += 1;
                continue;
            }
        }
        n += 2;
        if depth == 0 {
            return n;
        }
    }
    characters.len()
}

fn end_of_string(characters: &[char], start: usize) -> usize {
    let mut n = start + 1;
    while n < characters.len() && characters[n] != '"' {
        n += if characters[n] == '\\' { 2 } else { 1 };
    }
    n + 1
}

/// A lifetime has no closing mark and stays code.
fn character(characters: &[char], start: usize) -> Option<usize> {
    if characters.get(start + 1) == Some(&'\\') {
        let from = start + 3;
        Some(characters.iter().skip(from).position(|&c| c == '\'').map_or(characters.len(), |n| from + n + 1))
    } else {
        (characters.get(start + 2) == Some(&'\'')).then_some(start + 3)
    }
}

/// A letter before an `r` makes it the end of a name; only `b` and `c` may stand before a raw string.
fn continues_word(characters: &[char], n: usize) -> bool {
    let before = |back: usize| n.checked_sub(back).map(|at| characters[at]);
    let is_word = |c: Option<char>| c.is_some_and(|c| c.is_alphanumeric() || c == '_');
    match before(1) {
        Some('b' | 'c') => is_word(before(2)),
        other => is_word(other),
    }
}

fn raw_string(characters: &[char], start: usize) -> Option<usize> {
    let marks = characters[start + 1..].iter().take_while(|&&c| c == '#').count();
    let open = start + 1 + marks;
    if characters.get(open) != Some(&'"') {
        return None;
    }
    let closes = |n: usize| characters[n] == '"' && (1..=marks).all(|m| characters.get(n + m) == Some(&'#'));
    Some((open + 1..characters.len()).find(|&n| closes(n)).map_or(characters.len(), |n| n + 1 + marks))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn code_comments_and_strings_are_told_apart() {
        let text =
            "let a = \"// no { comment\"; // TODO \"here\"\n/* one /* two */ { */ let b = r#\"}\"#;\nlet c = '{';";
        let source = Source::new(text);
        assert_eq!(source.code.len(), text.len());
        assert!(!source.code.contains('{') && !source.code.contains('}') && source.code.contains("let b"));
        assert!(source.comments.contains("TODO \"here\"") && !source.comments.contains("no {"));
        assert!(source.comments.contains("/* one /* two */ { */"));
    }

    #[test]
    fn lifetimes_and_escapes_do_not_open_a_string() {
        let source = Source::new("fn f<'a>(x: &'a str) -> char { if x == \"\\\"\" { '\\'' } else { '\\u{1F}' } }");
        assert_eq!(source.code.matches('{').count(), 3);
        assert_eq!(source.end_of_block(source.code.find('{').unwrap()), source.code.len());
        assert!(source.code.contains("<'a>"));
    }

    #[test]
    fn a_name_that_ends_in_r_is_no_raw_string() {
        let source = Source::new("let for_r = bar; let x = br\"a // b\"; // end");
        assert!(source.code.contains("bar") && !source.code.contains("//"));
        assert!(source.comments.contains("// end"));
    }

    #[test]
    fn tests_are_found_as_blocks_and_as_files() {
        let source =
            Source::new("fn a() {}\n#[cfg(test)]\nmod tests {\n fn b() {}\n}\n#[cfg(test)]\nmod more;\nfn c() {}");
        let blocks = source.test_blocks();
        assert_eq!(blocks.len(), 2);
        assert!(source.code[blocks[0].clone()].ends_with("}\n}"));
        assert!(source.code[blocks[1].clone()].ends_with("mod more;"));
    }
}
