package main

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"sync"

	"duradesk/cmd/duradesk/supervise"
)

// printer writes whole lines for the person who watches, from several goroutines.
type printer struct {
	mu  sync.Mutex
	out io.Writer
}

func newPrinter(out io.Writer) *printer { return &printer{out: out} }

func (p *printer) line(format string, values ...any) {
	p.mu.Lock()
	defer p.mu.Unlock()
	fmt.Fprintf(p.out, format+"\n", values...)
}

// Write takes the notices of other packages: whole lines already.
func (p *printer) Write(text []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.out.Write(text)
}

// events tells what happens to the parts. A part that fails again and again is told of less and less often.
func (p *printer) events(dir string) func(supervise.Event) {
	var mu sync.Mutex
	ends := map[string]int{} // since the part was ready
	return func(e supervise.Event) {
		mu.Lock()
		defer mu.Unlock()
		log := supervise.LogFile(dir, e.Child)
		switch e.Kind {
		case supervise.Started:
		case supervise.Ready:
			ends[e.Child] = 0
			p.line("  %-9s ready (process %d)", e.Child, e.PID)
		case supervise.Ended:
			ends[e.Child]++
			if n := ends[e.Child]; n <= 3 || n%10 == 0 {
				p.line("  %-9s ended (%v); starting it again in %v%s", e.Child, e.Err, e.After, lastWords(e.Err, log))
			}
		case supervise.Late:
			p.line("  %-9s is not ready after %v: %v. Still trying; the end of %s:\n%s", e.Child, e.After, e.Err, log,
				indent(lastLines(log, 10)))
		}
	}
}

// lastWords are those of a part that failed; one that was killed had no time for any.
func lastWords(ended error, log string) string {
	var exit *exec.ExitError
	if !errors.As(ended, &exit) || !exit.Exited() {
		return ""
	}
	return ". Its log ends: " + cmp.Or(lastLines(log, 1), "(empty)")
}

// lastLines is the end of a text file, as far as it can be read.
func lastLines(file string, n int) string {
	const enough = 16 << 10
	f, err := os.Open(file)
	if err != nil {
		return ""
	}
	defer func() { _ = f.Close() }()
	if info, err := f.Stat(); err == nil && info.Size() > enough {
		if _, err := f.Seek(-enough, io.SeekEnd); err != nil {
			return ""
		}
	}
	content, _ := io.ReadAll(f)
	lines := strings.Split(strings.TrimSpace(string(content)), "\n")
	return strings.Join(lines[max(0, len(lines)-n):], "\n")
}

func indent(text string) string { return "    " + strings.ReplaceAll(text, "\n", "\n    ") }

// farewell says where everything is, and then that it is ready.
func (p *printer) farewell(u *up) {
	var text strings.Builder
	row := func(name, format string, values ...any) {
		fmt.Fprintf(&text, "  %-13s %s\n", name, fmt.Sprintf(format, values...))
	}
	fmt.Fprintf(&text, "\nDuradesk is up. A restart keeps everything; --fresh starts anew.\n\n")
	if u.runs(partAPI) {
		base := u.setting("DURADESK_BASE_URL")
		row("Console", "%s/", base)
		row("API", "%s/api/v1  (documentation: %s/api/docs)", base, base)
		row("Admin", "admin@desk.example, password %s", u.setting("DURADESK_ADMIN_PASSWORD"))
		row("For scripts", "Authorization: Bearer %s", u.setting("DURADESK_BOOTSTRAP_TOKEN"))
		if !u.NoDemo {
			row("Demo people", "sato, suzuki, miller (agents), tanaka (lead); password %s", demoPassword)
		}
	}
	if ui := u.setting("DURADESK_TEMPORAL_UI_URL"); ui != "" {
		row("Temporal UI", "%s/namespaces/%s/workflows", ui, u.setting("TEMPORAL_NAMESPACE"))
	}
	if u.runs(partTemporal) {
		row("Temporal", "%s", u.setting("TEMPORAL_ADDRESS"))
	}
	if u.runs(partWorker) {
		row("Worker", "http://%s/readyz", reachable(u.addresses.workerHealth))
	}
	if u.postgres != nil {
		row("Postgres", "%s", u.postgres.DSN())
	} else if u.database != "" {
		row("Postgres", "that of DURADESK_DATABASE_URL")
	}
	if u.runs(partMail) {
		row("Mail to", "smtp://%s  (takes mail for anybody; the desk is support@desk.example)", reachable(u.addresses.smtp))
		row("Mailboxes", "imap://%s  (login = any address, password = demo, no TLS)", reachable(u.addresses.imap))
		fmt.Fprintf(&text, "\n  A first mail:\n%s\n", indent(indent(firstMail(reachable(u.addresses.smtp)))))
	}
	if len(u.Without) > 0 {
		fmt.Fprintf(&text, "\n  Left out: %s. To run one by hand with these settings: set -a; . %s; duradesk %s\n",
			strings.Join(u.Without, ", "), envFile(u.Dir), u.Without[0])
	}
	p.line("%s\nready", text.String())
}

func firstMail(smtp string) string {
	return fmt.Sprintf(`printf 'From: Yamada <yamada@client.example>\nTo: support@desk.example\nSubject: My printer\n\nIt does not print.\n' |
  curl -s smtp://%s --mail-from yamada@client.example --mail-rcpt support@desk.example -T -`, smtp)
}
