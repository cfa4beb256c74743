//! Trees that grow towards places in need of blood (space colonisation): vessels of liver, lungs and mesentery.

use super::random::Random;
use super::tube::Stretch;
use glam::Vec3;

/// How a tree grows.
#[derive(Clone, Copy, Debug)]
pub struct Growth {
    /// How far the tree reaches out in one round, mm.
    pub step: f32,
    /// A place this near to a branch is served, mm.
    pub served: f32,
    /// Places further away than this do not pull, mm.
    pub pull: f32,
    /// Radius of the twigs, mm.
    pub twig: f32,
    /// Where branches meet, radius^law adds up (Murray: 3).
    pub law: f32,
    /// No branch gets thicker than this, mm.
    pub trunk: f32,
}

#[derive(Clone, Copy, Debug)]
struct Node {
    at: Vec3,
    parent: Option<usize>,
}

/// Grows from `roots` (each a path that is already there) to `places`.
pub fn grow(roots: &[Vec<Vec3>], mut places: Vec<Vec3>, growth: Growth, stays: impl Fn(Vec3) -> bool) -> Vec<Stretch> {
    let mut nodes: Vec<Node> = Vec::new();
    for root in roots {
        for (n, &at) in root.iter().enumerate() {
            nodes.push(Node { at, parent: (n > 0).then(|| nodes.len() - 1) });
        }
    }
    // For each place the nearest node so far; only new nodes need to be looked at again.
    let mut nearest: Vec<(f32, usize)> = vec![(f32::MAX, 0); places.len()];
    let mut seen = 0;
    for _ in 0..400 {
        for (place, best) in places.iter().zip(&mut nearest) {
            for (n, node) in nodes.iter().enumerate().skip(seen) {
                let distance = place.distance_squared(node.at);
                if distance < best.0 {
                    *best = (distance, n);
                }
            }
        }
        seen = nodes.len();
        let mut n = 0;
        while n < places.len() {
            if nearest[n].0 < growth.served * growth.served {
                places.swap_remove(n);
                nearest.swap_remove(n);
            } else {
                n += 1;
            }
        }
        if !sprout(&mut nodes, &places, &nearest, growth, &stays) {
            break;
        }
    }
    stretches(&nodes, growth)
}

/// Each node that is nearest to some place grows a step towards the mean of those places.
fn sprout(
    nodes: &mut Vec<Node>,
    places: &[Vec3],
    nearest: &[(f32, usize)],
    growth: Growth,
    stays: &impl Fn(Vec3) -> bool,
) -> bool {
    let mut pull = vec![Vec3::ZERO; nodes.len()];
    for (place, &(distance, n)) in places.iter().zip(nearest) {
        if distance < growth.pull * growth.pull {
            pull[n] += (*place - nodes[n].at) / distance.sqrt().max(1e-3);
        }
    }
    let before = nodes.len();
    for (n, pull) in pull.iter().enumerate() {
        if pull.length_squared() < 1e-6 {
            continue;
        }
        // Some stiffness: a branch does not turn on the spot.
        let heading = nodes[n].parent.map_or(Vec3::ZERO, |p| (nodes[n].at - nodes[p].at).normalize_or_zero());
        let at = nodes[n].at + (pull.normalize_or_zero() + 0.35 * heading).normalize_or_zero() * growth.step;
        let crowded = nodes.iter().any(|other| other.at.distance_squared(at) < 0.16 * growth.step * growth.step);
        if !crowded && stays(at) {
            nodes.push(Node { at, parent: Some(n) });
        }
    }
    nodes.len() > before
}

fn stretches(nodes: &[Node], growth: Growth) -> Vec<Stretch> {
    let powered = |r: f32| super::maths::pow(r, growth.law);
    let mut carried = vec![0.0_f32; nodes.len()];
    // Children come after their parents, so one pass from the end adds everything up.
    for n in (0..nodes.len()).rev() {
        if carried[n] == 0.0 {
            carried[n] = powered(growth.twig);
        }
        if let Some(parent) = nodes[n].parent {
            carried[parent] += carried[n];
        }
    }
    let radius = |n: usize| super::maths::pow(carried[n], 1.0 / growth.law).min(growth.trunk);
    let smoothed = smoothed(nodes);
    (0..nodes.len())
        .filter_map(|n| {
            let parent = nodes[n].parent?;
            // A branch starts as thin as it goes on; the parent's own stretch is thicker.
            let radius_b = radius(n);
            let radius_a = radius(parent).min(radius_b * 1.15);
            Some(Stretch { a: smoothed[parent], b: smoothed[n], radius_a, radius_b, from: 0.0, to: 0.0, tube: 0 })
        })
        .collect()
}

/// Takes the zigzag out of the branches.
fn smoothed(nodes: &[Node]) -> Vec<Vec3> {
    let mut at: Vec<Vec3> = nodes.iter().map(|n| n.at).collect();
    let mut only_child = vec![None; nodes.len()];
    let mut children = vec![0_u32; nodes.len()];
    for (n, node) in nodes.iter().enumerate() {
        if let Some(parent) = node.parent {
            children[parent] += 1;
            only_child[parent] = Some(n);
        }
    }
    for _ in 0..2 {
        let before = at.clone();
        for (n, node) in nodes.iter().enumerate() {
            if let (Some(parent), Some(child)) = (node.parent, only_child[n])
                && children[n] >= 1
            {
                at[n] = 0.5 * before[n] + 0.25 * (before[parent] + before[child]);
            }
        }
    }
    at
}

/// `count` places in a box for which `wanted` holds.
pub fn scatter(low: Vec3, high: Vec3, count: usize, random: &mut Random, wanted: impl Fn(Vec3) -> bool) -> Vec<Vec3> {
    let mut places = Vec::with_capacity(count);
    for _ in 0..count * 60 {
        let p = Vec3::new(random.between(low.x, high.x), random.between(low.y, high.y), random.between(low.z, high.z));
        if wanted(p) {
            places.push(p);
            if places.len() == count {
                break;
            }
        }
    }
    places
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tree_serves_its_places_and_thins_out() {
        let mut random = Random::stream("tree test", 0);
        let places = scatter(Vec3::splat(-40.0), Vec3::splat(40.0), 200, &mut random, |p| p.length() < 40.0);
        let growth = Growth { step: 3.0, served: 5.0, pull: 200.0, twig: 0.5, law: 2.7, trunk: 9.0 };
        let root = vec![Vec3::new(0.0, 0.0, -45.0), Vec3::new(0.0, 0.0, -40.0)];
        let tree = grow(&[root], places.clone(), growth, |p| p.length() < 46.0);
        let near = |p: &Vec3| tree.iter().any(|s| super::super::maths::along(*p, s.a, s.b).1 < 7.0);
        assert!(places.iter().filter(|p| near(p)).count() > 180);
        assert!(tree[0].radius_b > 3.0 * tree[tree.len() - 1].radius_b);
    }
}
