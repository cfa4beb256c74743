//! Tools turn where the pointer was into masks. They know geometry, nothing of windows, and change nothing themselves:
//! the mask goes into a `Paint` command.

pub mod brush;
pub mod lasso;
mod sheet;

/// A tool as buttons, keys, menus and docs see it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ToolInfo {
    /// The word in logs and settings.
    pub name: &'static str,
    pub title: &'static str,
    /// Pressed to choose it, where no other key is set.
    pub key: char,
    pub hint: &'static str,
}

pub const TOOLS: &[ToolInfo] = &[
    ToolInfo { name: "brush", title: "Brush", key: 'b', hint: "Drag to paint a disc on the slice" },
    ToolInfo { name: "sphere", title: "Sphere brush", key: 's', hint: "Drag to paint a ball through the slices" },
    ToolInfo { name: "eraser", title: "Eraser", key: 'e', hint: "Drag to erase the label on the slice" },
    ToolInfo { name: "lasso", title: "Lasso", key: 'l', hint: "Drag around an area to fill it" },
    ToolInfo { name: "polygon", title: "Polygon", key: 'p', hint: "Click the corners, double-click to fill" },
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_keys_are_unique() {
        for (n, a) in TOOLS.iter().enumerate() {
            assert!(!a.hint.is_empty() && !a.title.is_empty());
            assert!(TOOLS[..n].iter().all(|b| a.name != b.name && a.key != b.key), "{}", a.name);
        }
    }
}
