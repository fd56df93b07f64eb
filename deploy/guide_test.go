package deploy_test

import (
	"bytes"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/compose-spec/compose-go/v2/dotenv"
	"github.com/stretchr/testify/require"
)

// block is what stands between ``` and ``` in a guide. A comment right above it, which readers do not see, says that it
// is only read, and why ("read: …"), or what happens before it ("first: …", a step of this test).
type block struct{ note, language, text string }

var blocks = regexp.MustCompile("(?m)^(?: *<!-- (.+) -->\\n)? *```(\\w*)\\n((?s:.*?))^ *```$")

func blocksOf(text string) []block {
	var out []block
	for _, m := range blocks.FindAllStringSubmatch(text, -1) {
		out = append(out, block{m[1], m[2], m[3]})
	}
	return out
}

// TestTheGuideIsFollowed does what docs/operators.md says, command by command, from an empty Debian to a desk that was
// restored, has another secret key and workers with versions. What takes root is played (machine); what it does to
// Postgres, Temporal and the desk is real. The commands of the guide end well or the test fails.
func TestTheGuideIsFollowed(t *testing.T) {
	t.Parallel()
	guide := read(t, "../docs/operators.md")
	m := newMachine(t)
	steps := map[string]func(){
		"fill in Temporal's password":        m.fillInTemporal,
		"see to the addresses of the Web UI": func() { m.fillIn("etc/temporal-ui/ui.yaml") },
		"fill in the settings":               func() { m.fillIn("etc/duradesk/duradesk.env") },
		"write the files that are named":     m.writeFiles,
		"a client writes":                    func() { m.write("The first"); m.write("The second") },
		"something happens after the backup": func() { m.write("The lost one") },
		"the desk is ready":                  m.ready,
	}
	taken, ran := map[string]bool{}, 0
	for _, b := range blocksOf(guide) {
		require.Equal(t, "sh", b.language, "what is no command stands in no block:\n%s", b.text)
		if reason, only := strings.CutPrefix(b.note, "read: "); only {
			require.Greater(t, len(reason), 20, "why is it not run?\n%s", b.text)
			m.reads(b.text)
			continue
		}
		if name, found := strings.CutPrefix(b.note, "first: "); found {
			step, there := steps[name]
			require.True(t, there, "this test has no step %q", name)
			taken[name] = true
			step()
		}
		m.runs(b.text)
		ran++
	}
	require.Len(t, taken, len(steps), "a step is not in the guide any more")
	require.Greater(t, ran, 10)
	m.looksBack()
	m.looksAtTemporal()
	m.everyCommandWasRun(guide)
}

// looksBack holds what the guide promises of what it did.
func (m *machine) looksBack() {
	m.t.Helper()
	require.Equal(m.t, []string{"The first", "The second"}, m.titles("duradesk"), "what came after the backup is lost")
	require.Contains(m.t, m.said, "lost: ticket 1003 ", "and was listed")
	require.Equal(m.t, []string{"The first", "The second", "The lost one"}, m.titles("duradesk_before"), "the former database is still there")
	require.FileExists(m.t, filepath.Join(m.root, "work", "1001.json"))
	env, err := dotenv.Read(filepath.Join(m.root, "etc/duradesk/duradesk.env"))
	require.NoError(m.t, err)
	require.NotContains(m.t, env, "DURADESK_BOOTSTRAP_TOKEN")
	require.NotEqual(m.t, env["DURADESK_SECRET_KEY"], env["DURADESK_SECRET_KEY_OLD"])
}

// elsewhere are commands of the program that the guide names in a sentence and runs in no block, each with the reason.
var elsewhere = map[string]string{
	"api": "the units run it", "worker": "the units run it", "migrate": "a unit runs it", "serve": "it is both in one; the units run them apart",
	"attachments": "it needs a store outside: TestFilesMoveAndComeBack",
}

var named = regexp.MustCompile("`duradesk ([a-z][a-z-]*)")

// everyCommandWasRun: whatever the guide names in its sentences was run in a block, or is on the list above.
func (m *machine) everyCommandWasRun(guide string) {
	m.t.Helper()
	for _, found := range named.FindAllStringSubmatch(guide, -1) {
		if _, known := elsewhere[found[1]]; !known {
			require.True(m.t, slices.Contains(m.commands, found[1]), "`duradesk %s` is named and never run", found[1])
		}
	}
}

// reads has the shell read commands without running them.
func (m *machine) reads(text string) {
	m.t.Helper()
	cmd := exec.Command("bash", "-n")
	cmd.Stdin = strings.NewReader(text)
	out, err := cmd.CombinedOutput()
	require.NoError(m.t, err, "%s\n%s", text, out)
}

// fillIn does by hand what the guide leaves to the person, and leads what a file names to this machine.
func (m *machine) fillIn(name string) {
	m.t.Helper()
	file := filepath.Join(m.root, name)
	text := m.here(strings.ReplaceAll(read(m.t, file), "PASSWORD=PASSWORD", "PASSWORD="+machinePassword))
	text = strings.ReplaceAll(text, ":PASSWORD@", ":"+machinePassword+"@")
	require.NoError(m.t, os.WriteFile(file, []byte(text), 0o600))
}

func (m *machine) writeFiles() {
	m.t.Helper()
	for name, text := range map[string]string{
		"signature.txt": "-- \nサポート\n",
		"holidays.ics":  "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\nBEGIN:VEVENT\r\nUID:1\r\nSUMMARY:Founding day\r\nDTSTART;VALUE=DATE:20270601\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n",
	} {
		require.NoError(m.t, os.WriteFile(filepath.Join(m.root, "work", name), []byte(text), 0o600))
	}
}

// write opens a ticket by the API, and waits until it is applied.
func (m *machine) write(title string) {
	m.t.Helper()
	body := `{"desk":"support","channel":"phone","title":"` + title + `","client":{"name":"Yamada","email":"yamada@client.example"},"message":{"body":"It does not print."}}`
	request, err := http.NewRequestWithContext(m.t.Context(), http.MethodPost, m.here("http://127.0.0.1:8080/api/v1/tickets"), bytes.NewReader([]byte(body)))
	require.NoError(m.t, err)
	request.Header.Set("Authorization", "Bearer "+m.variable("DURADESK_TOKEN"))
	request.Header.Set("Content-Type", "application/json")
	answer, err := http.DefaultClient.Do(request)
	require.NoError(m.t, err)
	said := &bytes.Buffer{}
	_, err = said.ReadFrom(answer.Body)
	require.NoError(m.t, err)
	require.NoError(m.t, answer.Body.Close())
	require.Contains(m.t, []int{http.StatusCreated, http.StatusOK, http.StatusAccepted}, answer.StatusCode, said.String())
	require.Eventually(m.t, func() bool { return len(m.rows("duradesk", `select id from commands where outcome = 'pending'`)) == 0 }, patience, pause)
}

func (m *machine) ready() {
	m.runs("until duradesk probe http://127.0.0.1:8081/readyz; do sleep 0.2; done\n")
}
