//! How far it is, on a terminal.

use std::{fs, io::Read, path::PathBuf, time::Duration};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// A bar on standard error, if that is a terminal.
pub(crate) struct Progress(ProgressBar);

impl Progress {
    pub(crate) fn new(quiet: bool) -> Self {
        // Only on a terminal.
        let target = if quiet { ProgressDrawTarget::hidden() } else { ProgressDrawTarget::stderr() };
        Self(ProgressBar::with_draw_target(None, target))
    }

    /// The lists are read now.
    pub(crate) fn reading(&self, files: &[PathBuf]) {
        let size =
            |file: &PathBuf| fs::metadata(file).ok().filter(fs::Metadata::is_file).map(|found| found.len());
        // How much comes through a pipe is not known.
        match files.iter().map(size).sum::<Option<u64>>() {
            Some(all) => {
                self.style("reading [{bar:40}] {bytes} of {total_bytes}");
                self.0.set_length(all);
            }
            None => self.style("reading {spinner} {bytes}"),
        }
    }

    /// Counts what is read.
    pub(crate) fn follow<R: Read>(&self, source: R) -> impl Read + use<R> {
        self.0.wrap_read(source)
    }

    /// Something begins whose end is not in sight.
    pub(crate) fn waiting(&self, what: &'static str) {
        self.style("{msg} {spinner} {elapsed}");
        self.0.reset();
        self.0.set_message(what);
        self.0.enable_steady_tick(Duration::from_millis(100));
    }

    /// The bar goes.
    pub(crate) fn finish(&self) {
        self.0.disable_steady_tick();
        self.0.finish_and_clear();
    }

    fn style(&self, template: &str) {
        // They are ours, and right; otherwise the bar is a plain one.
        if let Ok(style) = ProgressStyle::with_template(template) {
            self.0.set_style(style.progress_chars("=> "));
        }
    }
}

/// Errors are written where the bar was.
impl Drop for Progress {
    fn drop(&mut self) {
        self.finish();
    }
}
