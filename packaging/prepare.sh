# Sourced by packaging/run.sh and tests/run.sh: makes a fresh Debian machine ready, or says in one line what is missing.

build_packages="cmake g++ make pkg-config"
window_packages="libx11-6 libx11-xcb1 libxcursor1 libxi6 libxkbcommon-x11-0 mesa-vulkan-drivers libvulkan1"

# need_packages PACKAGE...: installs those that are missing.
need_packages() {
    local missing=() package
    command -v dpkg-query >/dev/null || return 0
    for package in "$@"; do
        [ "$(dpkg-query -W -f='${Status}' "$package" 2>/dev/null)" = "install ok installed" ] || missing+=("$package")
    done
    [ ${#missing[@]} -eq 0 ] && return 0
    local as_root=""
    if [ "$(id -u)" -ne 0 ]; then
        if command -v sudo >/dev/null && sudo -n true 2>/dev/null; then
            as_root="sudo"
        else
            echo "Please install these packages first: sudo apt-get install ${missing[*]}" >&2
            exit 1
        fi
    fi
    echo "Installing ${missing[*]}"
    $as_root apt-get update -qq
    $as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
}

# new_enough COMMAND...: whether this cargo is at least the version that is wanted.
new_enough() {
    local found
    found=$("$@" --version 2>/dev/null | sed -n 's/^cargo \([0-9.]*\).*/\1/p')
    [ -n "$found" ] && [ "$(printf '%s\n%s\n' "$wanted" "$found" | sort -V | head -n 1)" = "$wanted" ]
}

# need_rust: the toolchain that rust-toolchain.toml pins, from what is installed or by rustup.
need_rust() {
    local wanted
    wanted=$(sed -n 's/^channel = "\(.*\)"/\1/p' rust-toolchain.toml)
    [ -f "$HOME/.cargo/env" ] && . "$HOME/.cargo/env"
    new_enough cargo && return 0
    if command -v rustup >/dev/null; then
        # The pinned toolchain is not there: the installed stable one will do if it is not older.
        if new_enough rustup run stable cargo; then
            export RUSTUP_TOOLCHAIN=stable
            return 0
        fi
        rustup toolchain install "$wanted" --profile minimal --component clippy,rustfmt
    elif command -v curl >/dev/null; then
        curl --proto '=https' --tlsv1.2 -sSf https://sh.rustup.rs | sh -s -- -y --profile minimal --default-toolchain "$wanted"
        . "$HOME/.cargo/env"
    else
        echo "Please install Rust $wanted first (https://rustup.rs), or curl so that this script can." >&2
        exit 1
    fi
    new_enough cargo || { echo "Rust $wanted could not be installed; see https://rustup.rs" >&2; exit 1; }
}
