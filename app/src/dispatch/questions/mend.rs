//! What the audit found, mended where it can be: as one step that can be undone. The report is of the state before; it is
//! made again after.

use crate::app::App;
use limner_annotation::audit::mend;

impl App {
    pub(super) fn mend_finding(&mut self, n: usize) {
        let Some(report) = self.work.asking.audit.clone() else { return };
        let Some(finding) = report.findings.get(n) else { return };
        let Some(document) = self.document() else { return };
        let commands = mend::commands(document.contents(), finding, &report);
        if commands.is_empty() {
            let why = finding.doubt.remedy().to_owned();
            return self.notices.warning("This is for a person to mend", vec![why]);
        }
        let count = commands.len();
        if self.put_all(mend::title(finding.doubt).unwrap_or("Mend"), commands) {
            self.notices.done(match count {
                1 => "1 question changed; the audit runs again".to_owned(),
                n => format!("{n} questions changed; the audit runs again"),
            });
            self.audit_questions();
        }
    }
}
