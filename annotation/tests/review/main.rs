//! Review: figures against independent packages, studies with planted faults, consensus and comparison from files.

#[cfg(test)]
mod cases;
#[cfg(test)]
mod files;
#[cfg(test)]
mod judged;
#[cfg(test)]
mod planted;
#[cfg(test)]
mod preference;
#[cfg(test)]
mod said;
