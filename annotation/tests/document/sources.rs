//! Pictures of a project: found by path, known by hash, refused when changed, found again when moved.

use limner_annotation::command::Command;
use limner_annotation::{Error, Project};
use limner_imaging::{Geometry, Samples, Task, Volume, World, formats};
use std::path::Path;

fn write_picture(path: &Path, first: i16) {
    let geometry = Geometry::axis_aligned([5, 4, 3], World::new(1.0, 2.0, 3.0), [1.0, 2.0, 3.0]).unwrap();
    let samples = Samples::I16((first..first + 60).collect());
    formats::write(&Volume::new(geometry, samples, 1).unwrap(), path).unwrap();
}

#[test]
fn a_picture_is_known_again_by_its_samples() {
    let folder = tempfile::tempdir().unwrap();
    let (file, elsewhere) = (folder.path().join("in/ct.nii.gz"), folder.path().join("out"));
    std::fs::create_dir(folder.path().join("in")).unwrap();
    std::fs::create_dir(&elsewhere).unwrap();
    write_picture(&file, 0);
    write_picture(&elsewhere.join("other.nii.gz"), 7);
    let task = Task::default();
    let mut project = Project::create(&folder.path().join("p.limner"), "p", "reader").unwrap();
    let series = formats::scan(&file, &task).unwrap().series.remove(0);
    let image = project.entry_of(&series, &task).unwrap();
    assert_eq!(image.path, "in/ct.nii.gz");
    let id = image.id;
    project.document_mut().apply("Add", vec![Command::AddImage { image: image.clone() }]).unwrap();
    assert_eq!(project.open_image(&image, &task).unwrap().value([4, 3, 2]), 59.0);

    std::fs::rename(&file, elsewhere.join("moved.nii.gz")).unwrap();
    assert!(project.open_image(&image, &task).is_err());
    assert_eq!(project.relink(folder.path(), &task).unwrap(), 1);
    let image = project.document().image(id).unwrap().clone();
    assert_eq!(image.path, "out/moved.nii.gz");
    assert!(project.open_image(&image, &task).is_ok());
    assert_eq!(project.relink(folder.path(), &task).unwrap(), 0);

    write_picture(&elsewhere.join("moved.nii.gz"), 1);
    assert!(matches!(project.open_image(&image, &task), Err(Error::Changed { .. })));
}
