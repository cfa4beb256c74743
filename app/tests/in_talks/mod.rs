//! Sessions in which prompts are not accepted at once: nothing that was drawn is gone before a person says so.

use super::{LIVER, NOT_LIVER};
use crate::hand::Hand;
use eframe::egui::{Key, Modifiers};
use egui_kittest::kittest::Queryable as _;
use limner::action::Action;
use limner::app::{App, Start};
use limner_segmentation::Prompt;

fn prompts(hand: &Hand) -> Vec<Prompt> {
    hand.app().assist.prompts().to_vec()
}

fn proposed(hand: &Hand) -> Option<usize> {
    hand.app().assist.proposal().map(|(_, _, mask)| mask.count())
}

/// Two prompts about the liver and their answer.
fn about_the_liver(home: &std::path::Path) -> (Hand, Vec<Prompt>, usize) {
    let mut hand = Hand::on_sample(home);
    hand.key(Key::A);
    hand.click(hand.at_mm(LIVER.0, LIVER.1));
    hand.hold(Modifiers::COMMAND);
    hand.click(hand.at_mm(NOT_LIVER.0, NOT_LIVER.1));
    hand.hold(Modifiers::NONE);
    hand.wait_for_answer();
    let (said, voxels) = (prompts(&hand), proposed(&hand).expect("a proposal"));
    assert_eq!(said.len(), 2);
    (hand, said, voxels)
}

#[test]
fn a_proposal_goes_with_its_picture_comes_back_with_it_and_outlives_the_session() {
    let home = tempfile::tempdir().unwrap();
    let (mut hand, said, voxels) = about_the_liver(home.path());
    let image = hand.app().workspace.open().unwrap().image;
    let is_here = move |app: &App| app.workspace.open().is_some_and(|open| open.image == image);
    hand.window.state_mut().act(Action::NextSeries);
    hand.wait("another picture", move |app| app.workspace.open().is_some() && !is_here(app));
    assert!(!hand.app().assist.is_busy(), "nothing is said about this picture");
    hand.key(Key::Enter);
    assert_eq!(hand.voxels(), 0, "and nothing that is out of sight is accepted");
    hand.window.state_mut().act(Action::PreviousSeries);
    hand.wait("the first picture", is_here);
    assert_eq!((prompts(&hand), proposed(&hand)), (said.clone(), Some(voxels)), "with its mask, at once");

    // Killed, not closed.
    drop(hand);
    let mut hand = Hand::on(home.path(), Start::Continue);
    hand.wait("the picture", is_here);
    assert_eq!(prompts(&hand), said);
    hand.wait_for_answer();
    assert_eq!(proposed(&hand), Some(voxels));
    hand.key(Key::Enter);
    assert_eq!(hand.voxels() as usize, voxels);
    hand.wait("the store", App::is_safe_to_quit);
    drop(hand);
    let mut hand = Hand::on(home.path(), Start::Continue);
    hand.wait("the picture", is_here);
    assert!(!hand.app().assist.is_busy(), "what was accepted is not offered again");
    assert_eq!(hand.voxels() as usize, voxels);
}

#[test]
fn a_proposal_waits_for_its_label_while_another_object_is_spoken_of() {
    let home = tempfile::tempdir().unwrap();
    let (mut hand, said, voxels) = about_the_liver(home.path());
    hand.window.state_mut().act(Action::NewLabel);
    hand.window.step();
    // Not on a prompt that is there: a click on one takes it in the hand.
    hand.click(hand.at_mm(NOT_LIVER.0 + 15.0, NOT_LIVER.1 + 15.0));
    assert_eq!(prompts(&hand).len(), 1, "another object begins anew");
    hand.wait_for_answer();
    hand.key(Key::Escape);
    assert!(!hand.app().assist.is_busy(), "what is rejected brings nothing else up");
    hand.window.get_by_label("Go on with Label 1").click();
    hand.window.step();
    hand.window.step();
    assert_eq!(prompts(&hand), said);
    // The new label is a step, so the mask is asked for again, first for the slice in hand.
    let is_whole = move |app: &App| app.assist.proposal().is_some_and(|(_, _, mask)| mask.count() == voxels);
    hand.wait("its mask", is_whole);
    assert!(hand.window.query_by_label("Go on with Label 1").is_none(), "it is in the hand");
    hand.key(Key::Escape);
    assert!(!hand.app().assist.is_busy() && hand.app().assist.kept().is_empty());
}

#[test]
fn undo_of_an_acceptance_brings_the_prompts_back_and_redo_accepts_them_again() {
    let home = tempfile::tempdir().unwrap();
    let (mut hand, said, voxels) = about_the_liver(home.path());
    hand.key(Key::Enter);
    assert_eq!((hand.voxels() as usize, hand.app().assist.is_busy()), (voxels, false));
    hand.chord(Modifiers::COMMAND, Key::Z);
    assert_eq!(hand.voxels(), 0);
    assert_eq!((prompts(&hand), proposed(&hand)), (said.clone(), Some(voxels)), "the mask need not be asked for again");
    hand.chord(Modifiers::COMMAND, Key::Z);
    assert_eq!(prompts(&hand), said[..1], "undo goes on through the prompts");
    for _ in 0..2 {
        hand.chord(Modifiers::COMMAND, Key::Y);
    }
    assert_eq!((hand.voxels() as usize, hand.app().assist.is_busy()), (voxels, false), "redo ends where it began");

    // Mended after an undo: another mask, accepted in its place.
    hand.chord(Modifiers::COMMAND, Key::Z);
    hand.click(hand.at_mm(LIVER.0 + 12.0, LIVER.1 + 8.0));
    assert_eq!(prompts(&hand).len(), 3);
    hand.wait_for_answer();
    let mended = proposed(&hand).unwrap();
    hand.key(Key::Enter);
    assert_eq!((hand.voxels() as usize, hand.app().assist.is_busy()), (mended, false));
}
