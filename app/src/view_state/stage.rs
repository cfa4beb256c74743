//! All viewports and how they share the space.

use super::layout::{Along, Arrangement, Node};
use super::link::Links;
use super::viewport::{Over, Pane, Viewport, ViewportId};
use limner_annotation::{ImageId, LabelId};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// Invariant: the layouts name each of the viewports once, and the active one is among them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Stage {
    layout: Node,
    /// The second window, where there is one.
    #[serde(default)]
    beside: Option<Node>,
    /// The one that keys and panels speak about.
    active: ViewportId,
    /// The active one fills the space; the others wait.
    maximised: bool,
    pub links: Links,
    pub show_labels: bool,
    pub label_opacity: f32,
    /// Labels drawn without their fill.
    #[serde(default)]
    pub outlined: BTreeSet<LabelId>,
    viewports: BTreeMap<ViewportId, Viewport>,
    next: u32,
}

impl Default for Stage {
    fn default() -> Self {
        let first = ViewportId(0);
        Self {
            layout: Node::View(first),
            beside: None,
            active: first,
            maximised: false,
            links: Links::default(),
            show_labels: true,
            label_opacity: 0.45,
            outlined: BTreeSet::new(),
            viewports: BTreeMap::from([(first, Viewport::empty())]),
            next: 1,
        }
    }
}

impl Stage {
    /// Whether a stored stage holds together.
    pub fn is_sound(&self) -> bool {
        let mut named = self.ids();
        named.sort_unstable();
        let next_is_free = self.viewports.keys().all(|id| id.0 < self.next);
        self.viewports.keys().copied().eq(named) && self.viewports.contains_key(&self.active) && next_is_free
    }

    pub const fn layout(&self) -> &Node {
        &self.layout
    }

    pub const fn beside(&self) -> Option<&Node> {
        self.beside.as_ref()
    }

    /// Of both windows, in reading order.
    pub fn ids(&self) -> Vec<ViewportId> {
        self.layout.ids().into_iter().chain(self.beside.iter().flat_map(Node::ids)).collect()
    }

    /// The layout of the window that the active viewport is in.
    pub fn own_layout(&self) -> &Node {
        self.beside.as_ref().filter(|beside| beside.ids().contains(&self.active)).unwrap_or(&self.layout)
    }

    fn own_layout_mut(&mut self) -> &mut Node {
        let active = self.active;
        match &mut self.beside {
            Some(beside) if beside.ids().contains(&active) => beside,
            _ => &mut self.layout,
        }
    }

    /// Opens the second window with a viewport of its own, or closes it.
    pub fn toggle_beside(&mut self) {
        if let Some(beside) = self.beside.take() {
            let gone = beside.ids();
            self.viewports.retain(|id, _| !gone.contains(id));
            if gone.contains(&self.active) {
                self.active = self.layout.ids()[0];
                self.maximised = false;
            }
            return;
        }
        let new = self.add(self.active().clone());
        self.beside = Some(Node::View(new));
        self.active = new;
        self.maximised = false;
    }

    pub const fn active_id(&self) -> ViewportId {
        self.active
    }

    pub fn active(&self) -> &Viewport {
        &self.viewports[&self.active]
    }

    pub const fn is_maximised(&self) -> bool {
        self.maximised
    }

    pub fn get(&self, id: ViewportId) -> Option<&Viewport> {
        self.viewports.get(&id)
    }

    pub fn get_mut(&mut self, id: ViewportId) -> Option<&mut Viewport> {
        self.viewports.get_mut(&id)
    }

    pub fn iter(&self) -> impl Iterator<Item = (ViewportId, &Viewport)> {
        self.viewports.iter().map(|(&id, viewport)| (id, viewport))
    }

    pub fn iter_mut(&mut self) -> impl Iterator<Item = (ViewportId, &mut Viewport)> {
        self.viewports.iter_mut().map(|(&id, viewport)| (id, viewport))
    }

    /// On screen now, in reading order.
    pub fn visible(&self) -> Vec<ViewportId> {
        let windows = std::iter::once(&self.layout).chain(&self.beside);
        windows.flat_map(|layout| self.visible_in(layout)).collect()
    }

    /// Every viewport with a picture, on screen or not.
    pub fn showing(&self, image: ImageId) -> Vec<ViewportId> {
        self.iter().filter(|(_, viewport)| viewport.image == Some(image)).map(|(id, _)| id).collect()
    }

    /// In one of the windows.
    fn visible_in(&self, layout: &Node) -> Vec<ViewportId> {
        let ids = layout.ids();
        if self.maximised && ids.contains(&self.active) { vec![self.active] } else { ids }
    }

    pub fn activate(&mut self, id: ViewportId) {
        if self.viewports.contains_key(&id) {
            self.active = id;
        }
    }

    /// The next viewport in reading order, in a circle.
    pub fn activate_next(&mut self) {
        let ids = self.ids();
        let at = ids.iter().position(|&id| id == self.active).unwrap_or(0);
        self.active = ids[(at + 1) % ids.len()];
    }

    /// Fills the space with one viewport, or shows all again.
    pub fn maximise(&mut self, id: ViewportId) {
        self.activate(id);
        self.maximised = !self.maximised && self.own_layout().ids().len() > 1;
    }

    /// The pictures any viewport shows or waits for.
    pub fn images(&self) -> BTreeSet<ImageId> {
        let over = self.viewports.values().filter_map(|v| Some(v.over?.image));
        self.viewports.values().filter_map(|v| v.image).chain(over).collect()
    }

    pub fn lay_over(&mut self, id: ViewportId, over: Option<Over>) {
        if let Some(viewport) = self.viewports.get_mut(&id) {
            viewport.over = over;
        }
    }

    /// Puts a picture into a viewport as it is to be seen there.
    pub fn put(&mut self, id: ViewportId, viewport: Viewport) {
        if let Some(place) = self.viewports.get_mut(&id) {
            *place = Viewport { size: place.size, ..viewport };
        }
    }

    /// Which side of the screen the patient's left is on, in every viewport.
    pub fn set_neurological(&mut self, neurological: bool) {
        self.viewports.values_mut().for_each(|viewport| viewport.neurological = neurological);
    }

    /// No viewport shows anything any more.
    pub fn clear(&mut self) {
        for viewport in self.viewports.values_mut() {
            *viewport = Viewport { size: viewport.size, ..Viewport::empty() };
        }
    }

    pub fn is_arranged(&self, wanted: Arrangement) -> bool {
        if self.maximised {
            return wanted == Arrangement::ONE;
        }
        let ids = self.own_layout().ids();
        let (rows, columns) = wanted.rows_and_columns();
        let grid = Node::grid(usize::from(columns), &ids);
        let same_grid = ids.len() == usize::from(rows) * usize::from(columns) && same_shape(self.own_layout(), &grid);
        same_grid && (wanted == Arrangement::Planes) == self.shows_planes()
    }

    /// Whether the viewports are the four panes of one picture.
    pub fn shows_planes(&self) -> bool {
        let ids = self.own_layout().ids();
        let image = self.active().image;
        ids.len() == Pane::ALL.len()
            && ids.iter().zip(Pane::ALL).all(|(id, pane)| {
                let viewport = &self.viewports[id];
                viewport.pane == pane && viewport.image == image
            })
    }

    /// Shares the space anew. The viewports there are keep their pictures as far as there is room, the active one
    /// first; the three planes are of the active one's picture.
    pub fn arrange(&mut self, wanted: Arrangement) {
        let (rows, columns) = wanted.rows_and_columns();
        let count = usize::from(rows.max(1)) * usize::from(columns.max(1));
        // Asked now: further down the active one may be new and in no layout yet.
        let is_beside = self.beside.as_ref().is_some_and(|beside| beside.ids().contains(&self.active));
        let mut kept = self.own_layout().ids();
        let mut gone: BTreeSet<ViewportId> = kept.iter().copied().collect();
        if count < kept.len() || wanted == Arrangement::Planes {
            kept.retain(|&id| id != self.active);
            kept.insert(0, self.active);
        }
        kept.truncate(count);
        let pattern = self.active().clone();
        while kept.len() < count {
            kept.push(self.add(Viewport { image: None, ..pattern.clone() }));
        }
        if wanted == Arrangement::Planes {
            for (&id, pane) in kept.iter().zip(Pane::ALL) {
                let same = pattern.pane == pane;
                self.put(id, if same { pattern.clone() } else { pattern.of_pane(pane) });
            }
            let front = Pane::ALL.iter().position(|&pane| pane == pattern.pane).unwrap_or(0);
            self.active = kept[front];
        }
        let layout = Node::grid(usize::from(columns), &kept);
        if is_beside {
            self.beside = Some(layout);
        } else {
            self.layout = layout;
        }
        gone.retain(|id| !kept.contains(id));
        self.viewports.retain(|id, _| !gone.contains(id));
        self.maximised = false;
        if !kept.contains(&self.active) {
            self.active = kept[0];
        }
    }

    /// Halves the active viewport; both halves show the same for now.
    pub fn split_active(&mut self, along: Along) {
        let new = self.add(self.active().clone());
        let active = self.active;
        self.own_layout_mut().split(active, along, new);
        self.maximised = false;
    }

    /// The last viewport stays.
    pub fn close_active(&mut self) {
        let ids = self.own_layout().ids();
        if ids.len() < 2 {
            return;
        }
        let at = ids.iter().position(|&id| id == self.active).unwrap_or(0);
        let active = self.active;
        self.own_layout_mut().close(active);
        self.viewports.remove(&self.active);
        self.active = ids[if at == 0 { 1 } else { at - 1 }];
        self.maximised = false;
    }

    /// In the second window where `beside`.
    pub fn move_seam(&mut self, beside: bool, path: &[usize], after: usize, by: f32) {
        match (&mut self.beside, beside) {
            (Some(layout), true) => layout.move_seam(path, after, by),
            _ => self.layout.move_seam(path, after, by),
        }
    }

    fn add(&mut self, viewport: Viewport) -> ViewportId {
        let id = ViewportId(self.next);
        self.next += 1;
        self.viewports.insert(id, viewport);
        id
    }
}

/// Whether two layouts split the same way, wherever their seams lie.
fn same_shape(a: &Node, b: &Node) -> bool {
    match (a, b) {
        (Node::View(_), Node::View(_)) => true,
        (Node::Split { along, parts }, Node::Split { along: other, parts: others }) => {
            let parts_alike = parts.iter().zip(others).all(|((_, a), (_, b))| same_shape(a, b));
            along == other && parts.len() == others.len() && parts_alike
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use limner_imaging::View;

    fn stage() -> Stage {
        let mut stage = Stage::default();
        let shown = Viewport { image: Some(ImageId::new()), pane: Pane::Slice(View::Coronal), ..Viewport::empty() };
        stage.put(stage.active_id(), shown);
        stage
    }

    #[test]
    fn the_three_planes_are_of_the_active_picture_and_one_again_keeps_it() {
        let mut stage = stage();
        let image = stage.active().image;
        stage.arrange(Arrangement::Planes);
        assert!(stage.is_arranged(Arrangement::Planes) && !stage.is_arranged(Arrangement::grid(2, 2)));
        assert_eq!(stage.active().pane, Pane::Slice(View::Coronal));
        assert!(stage.iter().all(|(_, v)| v.image == image));
        stage.arrange(Arrangement::ONE);
        assert_eq!((stage.visible().len(), stage.active().pane), (1, Pane::Slice(View::Coronal)));
    }

    #[test]
    fn a_larger_grid_keeps_what_is_shown_and_leaves_the_rest_empty() {
        let mut stage = stage();
        stage.arrange(Arrangement::grid(2, 3));
        assert_eq!(stage.iter().filter(|(_, v)| v.image.is_some()).count(), 1);
        assert_eq!(stage.visible().len(), 6);
        let second = stage.visible()[4];
        stage.activate(second);
        stage.arrange(Arrangement::grid(1, 2));
        assert_eq!(stage.active_id(), second, "the active viewport is kept when there is less room");
    }

    #[test]
    fn splitting_closing_maximising_keep_one_active_viewport_that_is_there() {
        let mut stage = stage();
        stage.split_active(Along::Across);
        stage.split_active(Along::Down);
        assert_eq!(stage.visible().len(), 3);
        let last = stage.visible()[2];
        stage.maximise(last);
        assert_eq!(stage.visible(), [last]);
        stage.maximise(last);
        stage.close_active();
        assert!(stage.get(last).is_none() && stage.get(stage.active_id()).is_some());
        stage.close_active();
        stage.close_active();
        assert_eq!(stage.visible().len(), 1);
    }

    #[test]
    fn a_second_window_has_a_layout_of_its_own_and_is_stored_with_the_stage() {
        let mut stage = stage();
        let first = stage.active_id();
        stage.toggle_beside();
        let second = stage.active_id();
        assert!(second != first && stage.visible() == [first, second]);
        stage.arrange(Arrangement::grid(2, 2));
        assert_eq!((stage.layout().ids().len(), stage.visible().len()), (1, 5));
        stage.arrange(Arrangement::Planes);
        assert!(stage.is_sound() && stage.is_arranged(Arrangement::Planes), "the planes are in the second window");
        stage.activate(second);
        stage.maximise(stage.active_id());
        assert_eq!(stage.visible(), [first, second], "the other window shows what it showed");
        stage.activate(first);
        stage.split_active(Along::Across);
        assert_eq!(stage.layout().ids().len(), 2);
        let text = serde_json::to_string(&stage).unwrap();
        let back: Stage = serde_json::from_str(&text).unwrap();
        assert!(back == stage && back.is_sound());
        stage.activate(second);
        stage.toggle_beside();
        assert!(stage.is_sound() && stage.beside().is_none() && stage.visible().len() == 2);
    }

    #[test]
    fn a_stage_survives_being_stored() {
        let mut stage = stage();
        stage.arrange(Arrangement::grid(2, 2));
        stage.split_active(Along::Down);
        let text = serde_json::to_string(&stage).unwrap();
        let mut back: Stage = serde_json::from_str(&text).unwrap();
        assert!(back == stage && back.is_sound());
        back.layout = Node::View(ViewportId(99));
        assert!(!back.is_sound());
    }
}
