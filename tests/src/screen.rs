//! A screen of its own for a real window: Xvfb, with xdotool as the hand and ImageMagick as the eye.

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

pub struct Screen {
    server: Child,
    display: String,
}

pub const WIDTH: u32 = 1280;
pub const HEIGHT: u32 = 800;

impl Screen {
    /// # Panics
    /// Where Xvfb is missing.
    #[must_use]
    pub fn start() -> Self {
        // Without -noreset the server starts over when the last window closes, and refuses a program that comes meanwhile.
        let mut server = Command::new("Xvfb")
            .args(["-displayfd", "1", "-noreset", "-nolisten", "tcp", "-screen", "0", &format!("{WIDTH}x{HEIGHT}x24")])
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("Xvfb is installed (apt-get install xvfb)");
        let mut number = String::new();
        BufReader::new(server.stdout.take().expect("piped")).read_line(&mut number).expect("Xvfb names its display");
        Self { server, display: format!(":{}", number.trim()) }
    }

    /// Starts a program on this screen, without a desktop around it.
    ///
    /// # Panics
    /// Where it cannot be started.
    #[must_use]
    pub fn launch(&self, program: &Path, home: &Path, arguments: &[&str]) -> Child {
        let mut command = Command::new(program);
        crate::with_home(&mut command, home)
            .args(arguments)
            // What is typed may be cut short on a busy machine: a path that became relative stays out of the tree.
            .current_dir(home)
            .env("DISPLAY", &self.display)
            .env_remove("WAYLAND_DISPLAY")
            .env_remove("DBUS_SESSION_BUS_ADDRESS")
            .spawn()
            .expect("the program starts")
    }

    /// One xdotool command line.
    ///
    /// # Panics
    /// Where xdotool is missing or refuses.
    pub fn hand(&self, words: &[&str]) {
        let status = Command::new("xdotool").args(words).env("DISPLAY", &self.display).status();
        assert!(status.expect("xdotool is installed").success(), "xdotool {words:?}");
    }

    pub fn key(&self, keys: &str) {
        self.hand(&["key", "--clearmodifiers", keys]);
        pause();
    }

    pub fn type_text(&self, text: &str) {
        self.hand(&["type", "--delay", "30", text]);
        pause();
    }

    pub fn wheel(&self, at: (u32, u32), notches: u32) {
        self.move_to(at);
        for _ in 0..notches {
            self.hand(&["click", "5"]);
            pause();
        }
    }

    /// A drag with the left button in small steps, as a hand makes it.
    pub fn drag(&self, from: (u32, u32), to: (u32, u32)) {
        self.press_and_pull(from, to);
        self.let_go();
    }

    /// The same, and the button is still down at its end.
    pub fn press_and_pull(&self, from: (u32, u32), to: (u32, u32)) {
        const STEPS: u32 = 12;
        self.move_to(from);
        self.hand(&["mousedown", "1"]);
        pause();
        for step in 1..=STEPS {
            let between = |a: u32, b: u32| (a * (STEPS - step) + b * step) / STEPS;
            self.move_to((between(from.0, to.0), between(from.1, to.1)));
        }
    }

    pub fn let_go(&self) {
        self.hand(&["mouseup", "1"]);
        pause();
    }

    fn move_to(&self, (x, y): (u32, u32)) {
        self.hand(&["mousemove", &x.to_string(), &y.to_string()]);
        pause();
    }

    /// Waits for the window and gives it the keyboard.
    ///
    /// # Panics
    /// Where no window comes.
    pub fn focus(&self, title: &str) {
        let found = wait_for(Duration::from_secs(180), || {
            let search = Command::new("xdotool")
                .args(["search", "--onlyvisible", "--name", title])
                .env("DISPLAY", &self.display)
                .output()
                .expect("xdotool is installed");
            String::from_utf8_lossy(&search.stdout).lines().next().map(str::to_owned)
        });
        let window = found.unwrap_or_else(|| panic!("no window named {title}"));
        self.hand(&["windowmove", &window, "0", "0"]);
        self.hand(&["windowsize", &window, &WIDTH.to_string(), &HEIGHT.to_string()]);
        self.hand(&["windowfocus", &window]);
        pause();
    }

    /// # Panics
    /// Where ImageMagick is missing.
    pub fn screenshot(&self, path: &Path) {
        let status = Command::new("import")
            .args(["-window", "root"])
            .arg(path)
            .env("DISPLAY", &self.display)
            .status()
            .expect("ImageMagick is installed");
        assert!(status.success());
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        let _ = self.server.kill();
        let _ = self.server.wait();
    }
}

/// Longer than a frame on the software rasteriser.
fn pause() {
    std::thread::sleep(Duration::from_millis(60));
}

/// Asks again and again until there is an answer or the time is up.
pub fn wait_for<T>(limit: Duration, mut ask: impl FnMut() -> Option<T>) -> Option<T> {
    let start = Instant::now();
    loop {
        if let Some(answer) = ask() {
            return Some(answer);
        }
        if start.elapsed() > limit {
            return None;
        }
        std::thread::sleep(Duration::from_millis(100));
    }
}
