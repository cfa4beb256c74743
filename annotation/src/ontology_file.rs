//! Ontologies in files: JSON as they are, and CSV tables for people with a spreadsheet. One row a node; codes and synonyms
//! are lists in their cells: `SCT|10200004|Liver; FMA|7197|liver`.

use crate::error::{Error, Result};
use crate::labels::Code;
use crate::records::{Node, Ontology};
use std::path::Path;

const COLUMNS: [&str; 9] = ["key", "name", "parent", "level", "codes", "colour", "synonyms", "definition", "exclusive"];

/// Ontologies that come with Limner, as their name in the command line and their JSON.
pub const READY: [(&str, &str); 5] = [
    ("ct-anatomy", include_str!("../../assets/ontologies/ct-anatomy.json")),
    ("dental-fdi", include_str!("../../assets/ontologies/dental-fdi.json")),
    ("fundus", include_str!("../../assets/ontologies/fundus.json")),
    ("endoscopy", include_str!("../../assets/ontologies/endoscopy.json")),
    ("chest-findings", include_str!("../../assets/ontologies/chest-findings.json")),
];

/// One of the ontologies that come with Limner.
pub fn ready(name: &str) -> Result<Ontology> {
    let names = || READY.map(|(name, _)| name).join(", ");
    let (_, text) = READY
        .iter()
        .find(|(known, _)| *known == name)
        .ok_or_else(|| Error::refused(format!("there is no ready ontology {name}; there are {}", names())))?;
    from_json(text)
}

/// Reads a file by its ending.
pub fn read(path: &Path) -> Result<Ontology> {
    let text = std::fs::read_to_string(path).map_err(Error::io(path, "could not read the ontology"))?;
    let stem = path.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
    match ending(path).as_str() {
        "json" => from_json(&text),
        "csv" => from_csv(&text, &stem),
        other => Err(Error::refused(format!("an ontology is a .json or a .csv file, not .{other}"))),
    }
}

pub fn write(ontology: &Ontology, path: &Path) -> Result<()> {
    let text = match ending(path).as_str() {
        "json" => to_json(ontology)?,
        "csv" => to_csv(ontology),
        other => return Err(Error::refused(format!("an ontology is a .json or a .csv file, not .{other}"))),
    };
    std::fs::write(path, text).map_err(Error::io(path, "could not write the ontology"))
}

fn ending(path: &Path) -> String {
    path.extension().map(|ending| ending.to_string_lossy().to_lowercase()).unwrap_or_default()
}

pub fn from_json(text: &str) -> Result<Ontology> {
    let ontology: Ontology = serde_json::from_str(text.trim_start_matches('\u{feff}'))
        .map_err(|error| Error::refused(format!("the ontology cannot be read: {error}")))?;
    ontology.check_nodes()?;
    Ok(ontology)
}

pub fn to_json(ontology: &Ontology) -> Result<String> {
    serde_json::to_string_pretty(ontology).map_err(Error::json("could not write the ontology"))
}

/// Reads a table. Only `name` is needed; a node without a key is called by its name. Levels are in the order they appear.
pub fn from_csv(text: &str, name: &str) -> Result<Ontology> {
    let mut rows = table(text.trim_start_matches('\u{feff}'))?.into_iter();
    let head = rows.next().unwrap_or_default();
    let head: Vec<String> = head.iter().map(|cell| cell.trim().to_lowercase()).collect();
    if let Some(strange) = head.iter().find(|column| !COLUMNS.contains(&column.as_str())) {
        let known = COLUMNS.join(", ");
        return Err(Error::refused(format!("the table has a column \"{strange}\"; known columns are {known}")));
    }
    if !head.iter().any(|column| column == "name") {
        return Err(Error::refused("the table needs a column \"name\" in its first line"));
    }
    let mut ontology = Ontology {
        id: crate::entity::OntologyId::new(),
        name: name.into(),
        version: String::new(),
        description: None,
        licence: None,
        source: None,
        levels: Vec::new(),
        nodes: Vec::new(),
    };
    for (n, row) in rows.enumerate().filter(|(_, row)| row.iter().any(|cell| !cell.trim().is_empty())) {
        let node = node_of(&head, &row).map_err(|what| Error::refused(format!("line {}: {what}", n + 2)))?;
        if let Some(level) = node.level.as_ref().filter(|level| !ontology.levels.contains(level)) {
            ontology.levels.push(level.clone());
        }
        ontology.nodes.push(node);
    }
    ontology.check_nodes()?;
    Ok(ontology)
}

fn node_of(head: &[String], row: &[String]) -> Result<Node, String> {
    if row.len() > head.len() {
        return Err(format!("it has {} cells under {} columns", row.len(), head.len()));
    }
    let cell = |column: &str| {
        let at = head.iter().position(|name| name == column)?;
        row.get(at).map(|cell| cell.trim().to_owned()).filter(|cell| !cell.is_empty())
    };
    let list = |column: &str| -> Vec<String> {
        let parts = cell(column).unwrap_or_default();
        parts.split(';').map(|part| part.trim().to_owned()).filter(|part| !part.is_empty()).collect()
    };
    let name = cell("name").ok_or("it has no name")?;
    Ok(Node {
        key: cell("key").unwrap_or_else(|| name.clone()),
        name,
        parent: cell("parent"),
        level: cell("level"),
        codes: list("codes").iter().map(|text| code_of(text)).collect::<Result<_, _>>()?,
        colour: cell("colour").map(|text| colour_of(&text)).transpose()?,
        synonyms: list("synonyms"),
        definition: cell("definition"),
        exclusive: matches!(cell("exclusive").as_deref(), Some("yes" | "true" | "1")),
    })
}

fn code_of(text: &str) -> Result<Code, String> {
    let mut parts = text.splitn(3, '|').map(|part| part.trim().to_owned());
    match (parts.next(), parts.next(), parts.next()) {
        (Some(scheme), Some(value), meaning) => Ok(Code { scheme, value, meaning: meaning.unwrap_or_default() }),
        _ => Err(format!("the code \"{text}\" is not written scheme|value|meaning")),
    }
}

fn colour_of(text: &str) -> Result<[u8; 3], String> {
    let wrong = || format!("the colour \"{text}\" is not written #rrggbb");
    let digits = text.strip_prefix('#').filter(|digits| digits.len() == 6 && digits.is_ascii()).ok_or_else(wrong)?;
    let part = |n: usize| u8::from_str_radix(&digits[2 * n..2 * n + 2], 16).map_err(|_| wrong());
    Ok([part(0)?, part(1)?, part(2)?])
}

#[must_use]
pub fn to_csv(ontology: &Ontology) -> String {
    let mut text = COLUMNS.join(",");
    text.push('\n');
    for node in &ontology.nodes {
        let codes = node.codes.iter().map(|code| format!("{}|{}|{}", code.scheme, code.value, code.meaning));
        let cells = [
            node.key.clone(),
            node.name.clone(),
            node.parent.clone().unwrap_or_default(),
            node.level.clone().unwrap_or_default(),
            codes.collect::<Vec<_>>().join("; "),
            node.colour.map(|[r, g, b]| format!("#{r:02x}{g:02x}{b:02x}")).unwrap_or_default(),
            node.synonyms.join("; "),
            node.definition.clone().unwrap_or_default(),
            if node.exclusive { "yes".into() } else { String::new() },
        ];
        let quoted = cells.map(|cell| {
            if cell.contains([',', '"', '\n', '\r']) { format!("\"{}\"", cell.replace('"', "\"\"")) } else { cell }
        });
        text.push_str(&quoted.join(","));
        text.push('\n');
    }
    text
}

/// The cells of a comma-separated text (RFC 4180); a first line with semicolons and no commas is taken at its word.
fn table(text: &str) -> Result<Vec<Vec<String>>> {
    let first = text.lines().next().unwrap_or_default();
    let separator = if first.contains(';') && !first.contains(',') { ';' } else { ',' };
    let mut rows = vec![vec![String::new()]];
    let mut characters = text.chars().peekable();
    let mut quoted = false;
    while let Some(character) = characters.next() {
        let row = rows.len() - 1;
        let cell = rows[row].len() - 1;
        match character {
            '"' if quoted && characters.peek() == Some(&'"') => {
                characters.next();
                rows[row][cell].push('"');
            }
            '"' if quoted => quoted = false,
            '"' if rows[row][cell].trim().is_empty() => {
                rows[row][cell].clear();
                quoted = true;
            }
            '\n' if !quoted => rows.push(vec![String::new()]),
            '\r' if !quoted => {}
            other if other == separator && !quoted => rows[row].push(String::new()),
            other => rows[row][cell].push(other),
        }
    }
    if quoted {
        return Err(Error::refused("the table ends inside a quoted cell"));
    }
    Ok(rows)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ready_ontologies_are_whole_and_survive_both_forms() {
        for (name, _) in READY {
            let ontology = ready(name).unwrap();
            assert!(ontology.nodes.len() > 20, "{name}");
            assert!(ontology.licence.is_some() && ontology.source.is_some(), "{name}");
            assert_eq!(from_json(&to_json(&ontology).unwrap()).unwrap(), ontology);
            let back = from_csv(&to_csv(&ontology), name).unwrap();
            assert_eq!(back.nodes, ontology.nodes, "{name}");
            assert_eq!(back.levels, ontology.levels, "{name}");
        }
        assert!(ready("hats").unwrap_err().to_string().contains("ct-anatomy"));
    }

    #[test]
    fn levels_may_stay_open() {
        let teeth = ready("dental-fdi").unwrap();
        assert_eq!(teeth.levels, ["quadrant", "number", "tooth", "diagnosis"]);
        let path: Vec<_> = teeth.path("tooth_36").iter().map(|node| node.key.as_str()).collect();
        assert_eq!(path, ["quadrant_3", "tooth_36"]);
        assert_eq!(teeth.find("FDI 36").unwrap().codes[0].meaning, "Mandibular left first molar tooth");
        let label = ready("ct-anatomy").unwrap().label("liver", 4).unwrap();
        assert_eq!((label.value, label.codes[0].value.as_str()), (4, "10200004"));
    }

    #[test]
    fn a_table_by_hand_is_enough_and_a_wrong_one_says_where() {
        let text = "Name;Parent;Codes\nLung;;\"SCT|39607008|Lung\"\n\"Nodule; \"\"solid\"\"\";Lung;\n";
        let ontology = from_csv(text, "mine").unwrap();
        assert_eq!(ontology.nodes[1].name, "Nodule; \"solid\"");
        assert_eq!(ontology.nodes[1].parent.as_deref(), Some("Lung"));
        assert_eq!(ontology.nodes[0].codes[0].value, "39607008");
        for (wrong, words) in [
            ("name,hat\nx,y\n", "hat"),
            ("key\nx\n", "name"),
            ("name,colour\nx,red\n", "line 2"),
            ("name,parent\nx,y\n", "under y"),
            ("name\nx\nx\n", "two nodes"),
            ("name,parent\na,b\nb,a\n", "above itself"),
            ("name,codes\na,free\n", "scheme|value|meaning"),
            ("name\n\"a\n", "quoted"),
        ] {
            let error = from_csv(wrong, "wrong").unwrap_err().to_string();
            assert!(error.contains(words), "{wrong:?}: {error}");
        }
    }
}
