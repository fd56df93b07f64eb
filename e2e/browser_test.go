package e2e

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"
)

// The browser is Debian's Chromium: by preference its shell without windows, which draws the same pages for half the
// processor time. DURADESK_TEST_BROWSER names another.
const (
	shell    = "chromium-headless-shell"
	chromium = "chromium"
)

func browser() string {
	if named := os.Getenv("DURADESK_TEST_BROWSER"); named != "" {
		return named
	}
	for _, name := range []string{shell, chromium} {
		if path := "/usr/bin/" + name; exists(path) {
			return path
		}
	}
	return "/usr/bin/" + shell
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// TestConsoleInABrowser runs console/*.test.mjs in a real browser against one whole desk: what agents do, by keyboard
// and in Japanese, what must never happen. It goes before all that run beside each other: no other desk takes the time
// that a browser counts.
func TestConsoleInABrowser(t *testing.T) {
	modules, err := browserModules()
	require.NoError(t, err)
	d := startDesk(t)
	d.furnish()
	d.crowd(12)
	d.browse(modules, []string{"DESK_HOSTILE=" + fmt.Sprint(d.sendHostile()), "DESK_TIMES=10", "DESK_ROWS=40"}, "console/all.mjs")

	// What the agent sent by keyboard has reached the client, once, with its file.
	answers := eventually(t, patience, "the answer in the client's mailbox", func() (answers []received, ok bool) {
		all, err := d.tryInbox("yamada@client.example")
		require.NoError(t, err)
		for _, m := range all {
			if strings.Contains(m.text, "お世話になっております") {
				answers = append(answers, m)
			}
		}
		return answers, len(answers) > 0
	})
	require.Len(t, answers, 1)
	require.Contains(t, string(answers[0].raw), "filename")
	require.Contains(t, answers[0].text, "お問い合わせありがとうございました", "the template that was chosen")
}

// browse runs a script in a browser, and holds that all goes well.
func (d *desk) browse(modules string, env []string, script string) {
	d.t.Helper()
	report := filepath.Join(d.t.TempDir(), "report.txt")
	ctx, cancel := context.WithTimeout(d.t.Context(), 20*time.Minute) // a bound against hanging
	defer cancel()
	node := exec.CommandContext(ctx, "node", "--test", "--test-reporter=spec", "--test-reporter-destination="+report, script)
	if os.Getenv("DURADESK_SOAK") != "" {
		env = append(env, "DESK_WHOLE=1")
	}
	node.Env = append(append(os.Environ(), "DESK_MODULES="+modules, "DESK_BASE=http://"+d.settings["DURADESK_HTTP_ADDR"], "DESK_BROWSER="+browser(),
		"DESK_TOKEN="+d.settings["DURADESK_BOOTSTRAP_TOKEN"], "DESK_DIR="+d.dir, "DESK_IMAP="+d.settings["DURADESK_IMAP_ADDR"]), env...)
	out, err := node.CombinedOutput()
	said, _ := os.ReadFile(report)
	require.NoError(d.t, err, "%s\n%s", said, out)
	d.t.Logf("%s\n%s", said, out)
}

// browserModules installs what the scripts need beside the sources' own cache, once for each list of packages.
var browserModules = sync.OnceValues(func() (string, error) {
	for _, needed := range []string{"node", "npm"} {
		if _, err := exec.LookPath(needed); err != nil {
			return "", fmt.Errorf("the console is tried in a browser, driven by Node 20 or newer: install nodejs and npm: %w", err)
		}
	}
	if err := browserInstalled(); err != nil {
		return "", err
	}
	lock, err := os.ReadFile("console/package-lock.json")
	if err != nil {
		return "", err
	}
	list, err := os.ReadFile("console/package.json")
	if err != nil {
		return "", err
	}
	cache, err := os.UserCacheDir()
	if err != nil {
		cache = os.TempDir()
	}
	sum := sha256.Sum256(lock)
	dir := filepath.Join(cache, "duradesk", "console-tests-"+hex.EncodeToString(sum[:6]))
	if exists(filepath.Join(dir, "installed")) {
		return dir, nil
	}
	if err := os.MkdirAll(dir, 0o755); err != nil { // a cache
		return "", err
	}
	err = errors.Join(os.WriteFile(filepath.Join(dir, "package.json"), list, 0o644), os.WriteFile(filepath.Join(dir, "package-lock.json"), lock, 0o644)) // a cache
	if err != nil {
		return "", err
	}
	install := exec.Command("npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund")
	install.Dir = dir
	if out, err := install.CombinedOutput(); err != nil {
		return "", fmt.Errorf("install what the browser tests need: %w\n%s", err, out)
	}
	return dir, os.WriteFile(filepath.Join(dir, "installed"), nil, 0o644) // a cache
})

// browserInstalled fetches Debian's Chromium where there is none, which needs root.
func browserInstalled() error {
	path := browser()
	if exists(path) {
		return nil
	}
	apt := exec.Command("apt-get", "install", "-y", "-qq", "--no-install-recommends", shell)
	apt.Env = append(os.Environ(), "DEBIAN_FRONTEND=noninteractive")
	if out, err := apt.CombinedOutput(); err != nil {
		return fmt.Errorf("there is no browser at %s (DURADESK_TEST_BROWSER names another); apt-get install %s: %w\n%s", path, shell, err, out)
	}
	return nil
}

// must asks something as the admin.
func (d *desk) must(method, path string, body object) {
	d.t.Helper()
	r := d.admin().call(method, path, body)
	require.Less(d.t, r.status, http.StatusBadRequest, r)
}

// people gives the desk those who sign in.
func (d *desk) people() {
	d.t.Helper()
	for key, name := range map[string]string{"sato": "佐藤 花子", "suzuki": "鈴木 一郎"} {
		d.must(http.MethodPost, "/agents", object{
			"key": key, "name": name, "email": key + "@desk.example", "role": "lead", "groups": []string{"support"}, "desks": []string{"support"},
			"password": "a long password for tests", "language": "ja",
		})
	}
	d.must(http.MethodPost, "/agents", object{
		"key": "honda", "name": "Honda Aya", "email": "honda@desk.example", "role": "admin", "groups": []string{}, "desks": []string{"support"}, "password": "a long password for tests", "language": "en",
	})
}

// furnish gives the desk people, and what they answer with.
func (d *desk) furnish() {
	d.t.Helper()
	d.people()
	admin := d.admin()
	d.must(http.MethodPatch, "/desks/support", object{"undo_send_seconds": 4})
	d.must(http.MethodPost, "/templates", object{
		"desk": "support", "occasion": "answer", "language": "ja", "name": "thanks",
		"source": "Subject: {{ticket.title}}\n\n{{client.name}} 様\n\n{{message}}\n\nお問い合わせありがとうございました。",
	})
	d.must(http.MethodPost, "/macros", object{"desk": "support", "key": "thanks", "name": object{"en": "Thanks", "ja": "お礼"}, "language": "ja", "answer": "{{client.name}} 様、ありがとうございました。", "then": "resolve", "tags": []string{"done"}})
	d.must(http.MethodPost, "/text-modules", object{"desk": "support", "shortcut": "hello", "text": object{"en": "Hello.", "ja": "いつもお世話になっております。"}})
	d.must(http.MethodPost, "/forbidden-words", object{"desk": "support", "word": "返金", "action": "warn"})
	d.send(letter{name: "山田 太郎", from: "yamada@client.example", subject: "プリンターが動きません", body: "今朝から印刷できません。\nご確認をお願いします。\n"})
	admin.awaitTitle("プリンターが動きません")
	admin.newTicket("次のお問い合わせ", "tanaka@client.example")
}

// crowd opens so many tickets that a list must be scrolled.
func (d *desk) crowd(n int) {
	d.t.Helper()
	admin := d.admin()
	var g errgroup.Group
	g.SetLimit(8)
	for i := range n {
		g.Go(func() error {
			r, err := admin.try(d.t.Context(), http.MethodPost, "/tickets", object{
				"desk": "support", "client": object{"name": fmt.Sprintf("お客様 %d", i), "email": fmt.Sprintf("client%d@client.example", i)}, "channel": []string{"phone", "chat", "portal", "external"}[i%4],
				"title": fmt.Sprintf("請求書の再発行について %d", i), "message": object{"body": "請求書をもう一度お送りください。\nよろしくお願いします。"},
			})
			if err == nil && r.status >= http.StatusBadRequest {
				err = errors.New(r.String())
			}
			return err
		})
	}
	require.NoError(d.t, g.Wait())
}

// swallows are samples that may hide what stands after them in the same page.
var swallows = regexp.MustCompile(`(?i)<(style|template|xmp|!--|svg|math|base|meta|body|iframe|object|textarea|select|scr<|hx-|p id)|</iframe`)

// sendHostile sends the hostile samples as mails, and tells how many mails there are. What hides nothing is sent six in a
// mail, each with an end that must be seen; with DURADESK_SOAK=1 each has a mail of its own.
func (d *desk) sendHostile() int {
	d.t.Helper()
	list, err := os.ReadFile("console/hostile.txt")
	require.NoError(d.t, err)
	samples := strings.Split(strings.TrimSpace(string(list)), "\n")
	var alone, together []string
	for _, sample := range samples {
		if os.Getenv("DURADESK_SOAK") != "" || swallows.MatchString(sample) {
			alone = append(alone, sample)
			continue
		}
		together = append(together, sample)
	}
	alone = append(alone, strings.Repeat("<table><tr><td>", 150_000)+"deep"+strings.Repeat("</td></tr></table>", 150_000))
	mails := 0
	send := func(several []string) string {
		mails++
		title := fmt.Sprintf("Hostile %02d: %d", mails, len(several))
		d.send(letter{name: "Mallory", from: "mallory@elsewhere.example", subject: title, body: "<p>sample</p>" + strings.Join(several, "<p>its end</p>"), kind: "text/html"})
		return title
	}
	last := ""
	for several := range slices.Chunk(together, 6) {
		last = send(several)
	}
	for _, one := range alone {
		last = send([]string{one})
	}
	d.admin().awaitTitle(last)
	return mails
}
