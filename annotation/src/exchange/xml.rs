//! The XML that annotation tools exchange: elements, attributes and text. No entities but the five of the standard and
//! numbers, no document types: what could blow up is refused.

use crate::error::{Error, Result};
use std::fmt::Write as _;

#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Element {
    pub name: String,
    pub attributes: Vec<(String, String)>,
    pub children: Vec<Element>,
    /// All text directly inside, joined.
    pub text: String,
}

const DEEPEST: usize = 64;

impl Element {
    pub(crate) fn new(name: &str) -> Self {
        Self { name: name.into(), ..Self::default() }
    }

    #[expect(clippy::needless_pass_by_value, reason = "numbers and words alike read best without a borrow")]
    pub(crate) fn with(mut self, name: &str, value: impl ToString) -> Self {
        self.attributes.push((name.into(), value.to_string()));
        self
    }

    /// Adds a child that holds text only.
    #[expect(clippy::needless_pass_by_value, reason = "numbers and words alike read best without a borrow")]
    pub(crate) fn leaf(mut self, name: &str, text: impl ToString) -> Self {
        self.children.push(Self { text: text.to_string(), ..Self::new(name) });
        self
    }

    pub(crate) fn child(mut self, child: Self) -> Self {
        self.children.push(child);
        self
    }

    pub(crate) fn attribute(&self, name: &str) -> Option<&str> {
        self.attributes.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    pub(crate) fn find(&self, name: &str) -> Option<&Self> {
        self.children.iter().find(|child| child.name == name)
    }

    pub(crate) fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a Self> {
        self.children.iter().filter(move |child| child.name == name)
    }

    /// The text of a child, without the space around it.
    pub(crate) fn word(&self, name: &str) -> Option<&str> {
        self.find(name).map(|child| child.text.trim())
    }

    pub(crate) fn number(&self, name: &str) -> Option<f64> {
        self.word(name)?.parse().ok().filter(|x: &f64| x.is_finite())
    }

    pub(crate) fn number_of(&self, attribute: &str) -> Option<f64> {
        self.attribute(attribute)?.trim().parse().ok().filter(|x: &f64| x.is_finite())
    }

    pub(crate) fn to_text(&self) -> String {
        let mut out = String::from("<?xml version=\"1.0\" encoding=\"utf-8\"?>\n");
        self.write(&mut out, 0);
        out
    }

    fn write(&self, out: &mut String, depth: usize) {
        let indent = "  ".repeat(depth);
        let _ = write!(out, "{indent}<{}", self.name);
        for (name, value) in &self.attributes {
            let _ = write!(out, " {name}=\"{}\"", escaped(value));
        }
        if self.children.is_empty() && self.text.is_empty() {
            out.push_str("/>\n");
            return;
        }
        out.push('>');
        out.push_str(&escaped(&self.text));
        if !self.children.is_empty() {
            out.push('\n');
            self.children.iter().for_each(|child| child.write(out, depth + 1));
            out.push_str(&indent);
        }
        let _ = writeln!(out, "</{}>", self.name);
    }
}

fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\n' | '\r' | '\t' => drop(write!(out, "&#{};", letter as u32)),
            // XML has no place for other control signs.
            c if c.is_control() => out.push(' '),
            c => out.push(c),
        }
    }
    out
}

pub(crate) fn parse(text: &str) -> Result<Element> {
    let mut parser = Parser { text, at: 0 };
    parser.skip_to_element()?;
    let root = parser.element(0)?;
    parser.skip_to_element().ok();
    if parser.at < text.len() { Err(parser.wrong("something follows the root element")) } else { Ok(root) }
}

struct Parser<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Parser<'a> {
    fn wrong(&self, what: &str) -> Error {
        let line = self.text[..self.at.min(self.text.len())].lines().count().max(1);
        Error::refused(format!("this XML cannot be read: {what} (line {line})"))
    }

    fn rest(&self) -> &'a str {
        &self.text[self.at..]
    }

    fn take_until(&mut self, end: &str) -> Result<&'a str> {
        let found = self.rest().find(end).ok_or_else(|| self.wrong(&format!("{end:?} is missing")))?;
        let taken = &self.text[self.at..self.at + found];
        self.at += found + end.len();
        Ok(taken)
    }

    /// Past space, comments and declarations.
    fn skip_to_element(&mut self) -> Result<()> {
        loop {
            self.at += self.rest().len() - self.rest().trim_start().len();
            if self.rest().starts_with("<?") {
                self.take_until("?>")?;
            } else if self.rest().starts_with("<!--") {
                self.take_until("-->")?;
            } else if self.rest().starts_with("<!") {
                return Err(self.wrong("document types are not read"));
            } else if self.rest().starts_with('<') || self.rest().is_empty() {
                return Ok(());
            } else {
                return Err(self.wrong("text outside of an element"));
            }
        }
    }

    fn element(&mut self, depth: usize) -> Result<Element> {
        if depth > DEEPEST {
            return Err(self.wrong("elements are nested too deep"));
        }
        if !self.rest().starts_with('<') {
            return Err(self.wrong("an element is missing"));
        }
        self.at += 1;
        let mut element = Element::new(self.name()?);
        loop {
            self.at += self.rest().len() - self.rest().trim_start().len();
            if self.rest().starts_with("/>") {
                self.at += 2;
                return Ok(element);
            }
            if self.rest().starts_with('>') {
                self.at += 1;
                break;
            }
            let name = self.name()?.to_owned();
            self.at += self.rest().len() - self.rest().trim_start().len();
            let quote = self.rest().strip_prefix('=').map(str::trim_start).and_then(|rest| rest.chars().next());
            let quote =
                quote.filter(|q| matches!(q, '"' | '\'')).ok_or_else(|| self.wrong("an attribute has no value"))?;
            self.take_until(&quote.to_string())?;
            let value = self.take_until(&quote.to_string())?;
            let value = self.unescaped(value)?;
            element.attributes.push((name, value));
        }
        self.inside(&mut element, depth)?;
        Ok(element)
    }

    fn inside(&mut self, element: &mut Element, depth: usize) -> Result<()> {
        loop {
            let text = self.rest();
            let found = text.find('<').ok_or_else(|| self.wrong(&format!("</{}> is missing", element.name)))?;
            let plain = self.unescaped(&text[..found])?;
            element.text.push_str(&plain);
            self.at += found;
            if self.rest().starts_with("</") {
                self.at += 2;
                let name = self.take_until(">")?.trim();
                if name != element.name {
                    return Err(self.wrong(&format!("</{name}> closes <{}>", element.name)));
                }
                if !element.children.is_empty() {
                    element.text = element.text.trim().to_owned();
                }
                return Ok(());
            }
            if self.rest().starts_with("<!--") {
                self.take_until("-->")?;
            } else if self.rest().starts_with("<![CDATA[") {
                self.at += "<![CDATA[".len();
                element.text.push_str(self.take_until("]]>")?);
            } else {
                element.children.push(self.element(depth + 1)?);
            }
        }
    }

    fn name(&mut self) -> Result<&'a str> {
        let end = self.rest().find(|c: char| c.is_whitespace() || matches!(c, '=' | '/' | '>' | '<')).unwrap_or(0);
        if end == 0 {
            return Err(self.wrong("a name is missing"));
        }
        let name = &self.text[self.at..self.at + end];
        self.at += end;
        Ok(name)
    }

    fn unescaped(&self, text: &str) -> Result<String> {
        let mut out = String::with_capacity(text.len());
        let mut rest = text;
        while let Some((before, after)) = rest.split_once('&') {
            out.push_str(before);
            let (name, after) = after.split_once(';').ok_or_else(|| self.wrong("an entity has no end"))?;
            out.push(match name {
                "amp" => '&',
                "lt" => '<',
                "gt" => '>',
                "quot" => '"',
                "apos" => '\'',
                number => {
                    let code = number.strip_prefix('#').and_then(|number| match number.strip_prefix(['x', 'X']) {
                        Some(hex) => u32::from_str_radix(hex, 16).ok(),
                        None => number.parse().ok(),
                    });
                    code.and_then(char::from_u32)
                        .ok_or_else(|| self.wrong(&format!("the entity &{name}; is not known")))?
                }
            });
            rest = after;
        }
        out.push_str(rest);
        Ok(out)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_tools_write_is_read() {
        let text = "\u{feff}<?xml version='1.0'?>\n<!-- c --><a x = '1 &gt; 0' y=\"&#233;\">t<b/><b>2</b><![CDATA[<raw>]]></a>\n";
        let root = parse(text.trim_start_matches('\u{feff}')).unwrap();
        assert_eq!((root.attribute("x"), root.attribute("y")), (Some("1 > 0"), Some("é")));
        assert_eq!((root.all("b").count(), root.number("b"), root.text.as_str()), (2, None, "t<raw>"));
    }

    #[test]
    fn what_is_broken_or_could_blow_up_is_refused() {
        let deep = "<a>".repeat(100_000);
        for bad in
            ["", "x", "<a>", "<a></b>", "<a b></a>", "<a>&x;</a>", "<!DOCTYPE a []><a/>", "<a/><b/>", "<a", &deep]
        {
            assert!(parse(bad).is_err(), "{}", &bad[..bad.len().min(20)]);
        }
    }

    proptest! {
        #[test]
        fn text_comes_back(value in "[ -~é🫁\n\t]{0,40}", text in "[!-~é]{0,20}") {
            let element = Element { text: text.clone(), ..Element::new("a").with("v", &value) };
            let back = parse(&element.to_text()).unwrap();
            prop_assert_eq!(back.attribute("v"), Some(value.as_str()));
            prop_assert_eq!(back.text, text);
        }

        #[test]
        fn any_text_gives_an_answer(text in ".{0,60}") {
            let _ = parse(&text);
        }
    }
}
