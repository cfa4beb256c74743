//! The data card and the Croissant description of a data set: what it is, how it was made, by whom as far as that names
//! nobody, and what it must not be used for. Filled from what the project knows; what it does not know says so.

use super::hub::{counts, parts};
use super::{Set, Sheet};
use crate::error::Result;
use crate::exchange::{Job, folder};
use crate::records::ProjectInfo;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::fmt::Write as _;
use std::path::Path;

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Folder,
    Parquet,
}

pub(super) fn write(kind: Kind, set: &Set, data_files: &[(String, String)], out: &Path, job: &Job<'_>) -> Result<()> {
    folder::write(&out.join("README.md"), card(kind, set, data_files, job).as_bytes())?;
    folder::write_json(&out.join("croissant.json"), &croissant(kind, set, out, job)?)
}

/// What the person who releases it says, or the project says of itself; the rest is left open in words.
fn said<'a>(job: &'a Job<'_>, name: &str, otherwise: &'a str) -> &'a str {
    let info = job.contents.all::<ProjectInfo>().next();
    let known = info.and_then(|info| match name {
        "name" => Some(info.title.as_str()),
        "description" => Some(info.description.as_str()).filter(|text| !text.is_empty()),
        "license" => info.licence.as_deref(),
        "language" => Some(info.language.as_str()),
        _ => None,
    });
    job.options.choice(name).or(known).unwrap_or(otherwise)
}

fn quoted(text: &str) -> String {
    // A JSON string is a YAML string.
    Value::from(text).to_string()
}

fn card(kind: Kind, set: &Set, data_files: &[(String, String)], job: &Job<'_>) -> String {
    let name = said(job, "name", "Annotations made with Limner");
    let size = match set.sheets.len() {
        0..1_000 => "n<1K",
        1_000..10_000 => "1K<n<10K",
        10_000..100_000 => "10K<n<100K",
        _ => "100K<n<1M",
    };
    let mut text = format!("---\nlicense: {}\npretty_name: {}\n", quoted(said(job, "license", "other")), quoted(name));
    let _ = write!(
        text,
        "language:\n- {}\ntask_categories:\n- object-detection\n- image-segmentation\ntags:\n- medical\n\
         annotations_creators:\n- expert-generated\nsource_datasets:\n- original\nsize_categories:\n- {size}\n\
         configs:\n- config_name: default\n  default: true\n  data_files:\n",
        said(job, "language", "en")
    );
    for (part, files) in data_files {
        let _ = write!(text, "  - split: {part}\n    path: {}\n", quoted(files));
    }
    let _ = write!(text, "---\n\n# {}\n\n{}\n\n", name.replace('\n', " "), said(job, "description", DESCRIPTION));
    text.push_str("| Part | Pictures | Objects |\n|---|---:|---:|\n");
    for (part, (pictures, objects)) in counts(set) {
        let _ = writeln!(text, "| {part} | {pictures} | {objects} |");
    }
    text.push_str("\n## Labels\n\n| Value | Name | Part of |\n|---:|---|---|\n");
    for label in &set.labels {
        let plain = |text: &str| text.replace('|', "\\|").replace(['\n', '\r'], " ");
        let _ =
            writeln!(text, "| {} | {} | {} |", label.value, plain(&label.name), plain(&label.ancestors.join(" / ")));
    }
    let layout =
        if kind == Kind::Folder { "`metadata.jsonl` beside the pictures" } else { "Parquet files under `data/`" };
    let _ = write!(text, "\n## Layout\n\nRecords are in {layout}. {LAYOUT}\n\n## Limits\n\n{LIMITS}\n");
    text
}

const DESCRIPTION: &str = "Medical pictures with regions drawn by people, exported with Limner.";
const LAYOUT: &str = "`objects.bbox` is x, y, width, height in pixels of the picture, from its upper left corner. \
`objects.rle` is the mask as COCO's compressed run lengths (column after column); it is empty for a plain box. \
`recipes.json` says how each picture was made from its source.";
const LIMITS: &str = "Not for diagnosis. What is not labelled was not necessarily looked for. Identifiers of the sources \
are left out unless the receipt says otherwise.";

fn sha256(path: &Path) -> Result<String> {
    Ok(Sha256::digest(folder::read(path)?).iter().map(|b| format!("{b:02x}")).collect())
}

fn croissant(kind: Kind, set: &Set, out: &Path, job: &Job<'_>) -> Result<Value> {
    let mut distribution = vec![json!({
        "@type": "cr:FileObject", "@id": "folder", "name": "folder", "contentUrl": ".", "encodingFormat": "git+https",
        "description": "The folder this file lies in", "sha256": "https://github.com/mlcommons/croissant/issues/80",
    })];
    let mut records = Vec::new();
    let image = |source: Value| json!({"@type": "cr:Field", "@id": "pictures/image", "dataType": "sc:ImageObject", "source": source});
    match kind {
        Kind::Folder => {
            distribution.push(json!({
                "@type": "cr:FileSet", "@id": "pictures-files", "containedIn": {"@id": "folder"},
                "encodingFormat": "image/png", "includes": parts(set).iter().map(|p| format!("{p}/*.png")).collect::<Vec<_>>(),
            }));
            records.push(json!({
                "@type": "cr:RecordSet", "@id": "pictures", "key": {"@id": "pictures/path"},
                "field": [
                    {"@type": "cr:Field", "@id": "pictures/path", "dataType": "sc:Text",
                     "source": {"fileSet": {"@id": "pictures-files"}, "extract": {"fileProperty": "filename"}}},
                    image(json!({"fileSet": {"@id": "pictures-files"}, "extract": {"fileProperty": "content"}})),
                ],
            }));
            for part in parts(set) {
                let file = format!("{part}/metadata.jsonl");
                let id = format!("{part}-metadata");
                distribution.push(json!({
                    "@type": "cr:FileObject", "@id": id, "name": id, "contentUrl": file,
                    "encodingFormat": "application/jsonlines", "sha256": sha256(&out.join(&file))?,
                }));
                records.push(record_set(part, &id));
            }
        }
        Kind::Parquet => {
            for file in folder::files_under(&out.join("data"))? {
                let name = file.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
                distribution.push(json!({
                    "@type": "cr:FileObject", "@id": name, "name": name, "contentUrl": format!("data/{name}"),
                    "encodingFormat": "application/x-parquet", "sha256": sha256(&file)?,
                }));
                let column = |id: &str, column: &str, of: &str| {
                    json!({
                        "@type": "cr:Field", "@id": format!("{name}-records/{id}"), "dataType": of,
                        "source": {"fileObject": {"@id": name}, "extract": {"column": column}},
                    })
                };
                records.push(json!({
                    "@type": "cr:RecordSet", "@id": format!("{name}-records"),
                    "field": [column("width", "width", "sc:Float"), column("height", "height", "sc:Float")],
                }));
            }
        }
    }
    let mut all = about(set, job);
    all["distribution"] = json!(distribution);
    all["recordSet"] = json!(records);
    Ok(all)
}

fn record_set(part: &str, file: &str) -> Value {
    let column = |name: &str, of: &str| {
        json!({
            "@type": "cr:Field", "@id": format!("{part}/{name}"), "dataType": of,
            "source": {"fileObject": {"@id": file}, "extract": {"column": name}},
        })
    };
    let name = column("file_name", "sc:Text");
    json!({
        "@type": "cr:RecordSet", "@id": part,
        "field": [name, column("width", "sc:Float"), column("height", "sc:Float")],
    })
}

fn about(set: &Set, job: &Job<'_>) -> Value {
    let objects: usize = set.sheets.iter().map(|sheet: &Sheet| sheet.items.len()).sum();
    let protocol = format!("Regions were drawn or painted in Limner and named by {} labels.", set.labels.len());
    let identity = if job.options.keep_identity {
        "Identifiers of the sources are kept on request of the exporter."
    } else {
        "Names, ids, dates and file names of the sources are left out; numbers and stand-ins take their place."
    };
    json!({
        "@context": context(),
        "@type": "sc:Dataset",
        "conformsTo": ["http://mlcommons.org/croissant/1.1", "http://mlcommons.org/croissant/RAI/1.0"],
        "name": said(job, "name", "limner-annotations"),
        "description": said(job, "description", DESCRIPTION),
        "license": said(job, "license", "other"),
        "url": said(job, "url", "https://localhost/"),
        "version": said(job, "version", "1.0.0"),
        "datePublished": said(job, "date", "2000-01-01"),
        "creator": {"@type": "sc:Organization", "name": said(job, "creator", "not named")},
        "citeAs": said(job, "citation", "not given"),
        "rai:dataAnnotationPlatform": [format!("Limner {}", env!("CARGO_PKG_VERSION"))],
        "rai:dataAnnotationProtocol": [protocol],
        "rai:dataAnnotationAnalysis": [format!("{} pictures carry {objects} objects", set.sheets.len())],
        "rai:dataPreprocessingProtocol": ["Each picture is a stored slice or frame; recipes.json holds the window of each."],
        "rai:personalSensitiveInformation": [identity],
        "rai:dataLimitations": [LIMITS],
        "rai:dataUseCases": ["Training and testing of detection and segmentation"],
        "rai:machineAnnotationTools": [said(job, "machine_tools", "none stated")],
        "rai:annotatorDemographics": [said(job, "annotators", "not stated")],
        "rai:annotationsPerItem": said(job, "annotations_per_item", "1"),
    })
}

/// The context every Croissant file of version 1 carries.
fn context() -> Value {
    json!({
        "@language": "en", "@vocab": "https://schema.org/", "citeAs": "cr:citeAs", "column": "cr:column",
        "conformsTo": "dct:conformsTo", "cr": "http://mlcommons.org/croissant/",
        "rai": "http://mlcommons.org/croissant/RAI/", "data": {"@id": "cr:data", "@type": "@json"},
        "dataType": {"@id": "cr:dataType", "@type": "@vocab"}, "dct": "http://purl.org/dc/terms/",
        "examples": {"@id": "cr:examples", "@type": "@json"}, "extract": "cr:extract", "field": "cr:field",
        "fileProperty": "cr:fileProperty", "fileObject": "cr:fileObject", "fileSet": "cr:fileSet", "format": "cr:format",
        "includes": "cr:includes", "isLiveDataset": "cr:isLiveDataset", "jsonPath": "cr:jsonPath", "key": "cr:key",
        "md5": "cr:md5", "parentField": "cr:parentField", "path": "cr:path", "recordSet": "cr:recordSet",
        "references": "cr:references", "regex": "cr:regex", "repeated": "cr:repeated", "replace": "cr:replace",
        "samplingRate": "cr:samplingRate", "sc": "https://schema.org/", "separator": "cr:separator",
        "source": "cr:source", "subField": "cr:subField", "transform": "cr:transform",
    })
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_features_name_the_columns_of_the_table() {
        let features = crate::exchange::flat::hub::features();
        assert_eq!(features["image"]["_type"], "Image");
        assert_eq!(features.as_object().map(serde_json::Map::len), Some(4));
    }
}
