package e2e

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"
	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/client"
)

// crash is a named point at which a process ends itself with SIGKILL, the n-th time it passes there.
type crash struct {
	point   string
	nth     int
	during  string        // the step of the way that passes there for the n-th time
	heals   time.Duration // by HOUSE's page of what happens when things fail
	api     bool          // it is the API that dies, not the worker
	byMail  bool          // the client writes mails; else an agent logs what he says on the phone
	unheard bool          // the API's bell is not heard, so that the relay must ring
	unsure  bool          // nobody can know whether the mail went: it must not go again
	sent    int           // how often it went then
}

// The steps of a ticket's way.
const (
	opens    = "the client opens it"
	answered = "an agent answers"
	replied  = "the client replies"
	noted    = "a colleague is told in a note"
	resolved = "an agent resolves it"
)

// Whatever dies between two steps of a command, nothing is lost and nothing is done twice.
func TestCrashPointsOfCommands(t *testing.T) {
	t.Parallel()
	crashAt(t, crashesOfCommands)
}

// Likewise for mail that leaves.
func TestCrashPointsOfDeliveries(t *testing.T) {
	t.Parallel()
	crashAt(t, crashesOfDeliveries)
}

// Likewise for mail that comes.
func TestCrashPointsOfAMailbox(t *testing.T) {
	t.Parallel()
	crashAt(t, crashesOfAMailbox)
}

func crashAt(t *testing.T, points []crash) {
	d := startDesk(t, "--without", partWorker, "--without", partAPI)
	pool, temporal := d.record(), d.temporal()
	others := &steady{desk: d, parts: map[string]*kept{}}
	var walks []*walk
	for i, c := range points {
		w := &walk{steady: others, crash: c, client: fmt.Sprintf("crash%d@client.example", i), title: fmt.Sprintf("Crash %d", i), pool: pool, temporal: temporal}
		walks = append(walks, w)
		if !t.Run(fmt.Sprintf("%s:%d", c.point, c.nth), func(t *testing.T) { w.desk = d.in(t); w.run() }) {
			return
		}
	}
	others.with(partWorker)
	others.with(partAPI)
	d.awaitAPI()
	d.settle(pool, patience)
	d.reconcile(pool)
	for _, w := range walks { // what was unsure did not go again, nor anything else
		w.desk = d
		w.requireMails()
	}
	require.Len(t, d.admin().list(""), len(points))
}

// steady are the parts that nothing befalls: they go on from one walk to the next.
type steady struct {
	desk  *desk
	parts map[string]*kept
}

func (s *steady) with(part string) {
	if s.parts[part] == nil {
		s.parts[part] = s.desk.keep(part)
	}
}

func (s *steady) without(part string) {
	if k := s.parts[part]; k != nil {
		k.end()
		delete(s.parts, part)
	}
}

// walk is the way of one ticket past a crash.
type walk struct {
	*desk
	steady   *steady
	crash    crash
	client   string
	title    string
	number   int64
	victim   *kept
	healed   time.Duration
	pool     *pgxpool.Pool
	temporal client.Client
}

func (w *walk) run() {
	orders := []string{
		fmt.Sprintf("DURADESK_CRASH_AT=%s:%d", w.crash.point, w.crash.nth),
		"DURADESK_CRASH_ONCE=" + filepath.Join(w.t.TempDir(), "crashed"),
	}
	said := len(w.workersLog())
	dies, lives := partWorker, partAPI
	if w.crash.api {
		dies, lives = lives, dies
	}
	w.steady.without(dies)
	w.victim = w.keep(dies, orders...)
	defer w.victim.end()
	if w.crash.unheard {
		w.steady.without(lives)
		defer w.keep(lives, "TEMPORAL_ADDRESS=127.0.0.1:1").end()
	} else {
		w.steady.with(lives)
	}
	w.awaitAPI()
	w.step(opens, w.opens)
	w.step(answered, func() { w.order("agent-response", "The answer.") })
	w.step(replied, func() {
		if !w.crash.byMail {
			w.order("client-reply", "The reply.")
			return
		}
		mails := w.inbox(w.client)
		w.send(mails[len(mails)-1].reply(letter{name: "Crash", from: w.client, body: "The reply."}))
		w.awaitText("The reply.")
	})
	if w.crash.during == replied { // however far it had come: the next mail is read
		w.send(letter{name: "Crash", from: w.client, subject: fmt.Sprintf("[#%d]", w.number), body: "One more."})
		w.awaitText("One more.")
		w.quiet()
		w.healed = time.Since(w.victim.death())
		w.t.Logf("the next mail was read %v after the kill", w.healed.Round(time.Millisecond))
	}
	if w.crash.during == noted {
		w.colleague()
		w.step(noted, func() { w.order("note", "@kato please look.") })
		require.Len(w.t, w.inbox(colleague), 1, "he was told once")
	}
	w.step(resolved, func() { w.order("resolve", "The end.") })
	require.NotZero(w.t, w.healed, "it crashed where it should")
	within := w.crash.heals + restart
	if w.beatLost(said) {
		within += lostBeat
	}
	require.Less(w.t, w.healed, within)
	require.Equal(w.t, "resolved", w.admin().ticket(w.number).State)
	w.requireMails()
}

// lostBeat is what it takes beyond: the beat that got no answer, the time after which Temporal takes its sender for dead, and
// the next try.
const lostBeat = 40 * time.Second

// beatLost tells whether, since so much of the log, Temporal was too busy to answer a beat of a living worker: it may then have
// taken that for dead as it had the one that was killed, and the mailbox was read anew a second time.
func (w *walk) beatLost(said int) bool {
	return bytes.Contains(w.workersLog()[said:], []byte("a beat was not heard"))
}

func (w *walk) workersLog() []byte {
	log, err := os.ReadFile(filepath.Join(w.dir, "log", partWorker+".log"))
	if !errors.Is(err, fs.ErrNotExist) {
		require.NoError(w.t, err)
	}
	return log
}

func (w *walk) opens() {
	if w.crash.byMail {
		w.send(letter{name: "Crash", from: w.client, subject: w.title, body: "Please help."})
		w.number = w.admin().awaitTitle(w.title).Number
		return
	}
	r := eventually(w.t, patience, "an answer to create", func() (reply, bool) {
		r, err := w.admin().try(w.t.Context(), http.MethodPost, "/tickets", object{
			"id": w.title + " create", "desk": "support", "client": object{"name": "Crash", "email": w.client}, "channel": "phone",
			"title": w.title, "message": object{"body": "Please help."},
		})
		return r, err == nil && (r.status == http.StatusCreated || r.status == http.StatusAccepted)
	})
	w.number = r.receipt(w.desk).Number
}

// restart is what a process takes to be there again, on a busy machine and with the race detector in it.
const restart = 5 * time.Second

// step does a step, waits until all that follows from it is done, and takes the time if the crash fell into it.
func (w *walk) step(what string, do func()) {
	w.t.Helper()
	before := w.victim.death()
	do()
	if what == w.crash.during {
		eventually(w.t, patience, "the crash while "+what, func() (bool, bool) { return false, !w.victim.death().IsZero() })
	}
	w.quiet()
	if died := w.victim.death(); before.IsZero() && !died.IsZero() {
		w.quiet() // it may have died after all was done
		w.healed = time.Since(died)
		w.t.Logf("killed while %s, healed after %v", what, w.healed.Round(time.Millisecond))
	}
}

// quiet waits until nothing is left to do, in the rows and in Temporal.
func (w *walk) quiet() {
	w.t.Helper()
	w.settle(w.pool, patience)
	eventually(w.t, patience, "every mail is marked", func() (int, bool) {
		n := count(w.desk, w.pool, `select count(*) from ledger where not marked`)
		return n, n == 0
	})
	for _, id := range lines(w.desk, w.pool, `select id::text from deliveries where ticket = $1`, w.number) {
		eventually(w.t, patience, "the workflow of delivery "+id+" ends", func() (string, bool) {
			answer, err := w.temporal.DescribeWorkflowExecution(w.t.Context(), "delivery-"+id, "")
			status := answer.GetWorkflowExecutionInfo().GetStatus()
			return fmt.Sprint(status, err), err == nil && status == enumspb.WORKFLOW_EXECUTION_STATUS_COMPLETED
		})
	}
}

// order sends a command as a careful client does: the same id until there is an answer.
func (w *walk) order(name, text string) {
	w.t.Helper()
	body := object{"id": w.title + " " + name, "message": says(text)}
	eventually(w.t, patience, "an answer to "+name, func() (reply, bool) {
		r, err := w.admin().try(w.t.Context(), http.MethodPost, ticketPath(w.number)+"/"+name, body)
		return r, err == nil && (r.status == http.StatusOK || r.status == http.StatusAccepted)
	})
	w.awaitText(text)
}

// awaitText waits until the ticket says something.
func (w *walk) awaitText(text string) {
	w.t.Helper()
	eventually(w.t, patience, text, func() (reply, bool) {
		r, err := w.admin().try(w.t.Context(), http.MethodGet, ticketPath(w.number)+"/timeline?limit=200", nil)
		return r, err == nil && r.status == http.StatusOK && strings.Contains(string(r.body), text)
	})
}

// awaitAPI waits until it answers.
func (d *desk) awaitAPI() {
	d.t.Helper()
	_ = eventually(d.t, patience, "the API answers", func() (string, bool) {
		r, err := d.admin().try(d.t.Context(), http.MethodGet, "/views", nil)
		return fmt.Sprint(r, err), err == nil && r.status == http.StatusOK
	})
}

// requireMails: each mail went once; one of which nobody can know went once or not, and is shown as such.
func (w *walk) requireMails() {
	w.t.Helper()
	texts := ""
	for _, m := range w.inbox(w.client) {
		texts += m.text
	}
	require.Equal(w.t, 1, strings.Count(texts, "The answer."))
	ends, state := 1, "accepted"
	if w.crash.unsure {
		ends, state = w.crash.sent, "uncertain"
	}
	require.Equal(w.t, ends, strings.Count(texts, "The end."))
	acknowledged := 0
	if w.crash.byMail {
		acknowledged = 1
	}
	require.Len(w.t, w.inbox(w.client), acknowledged+1+ends, "acknowledgement, answer, end")
	said := map[string]int{}
	for _, item := range w.admin().timeline(w.number) {
		if item.Type == "message" {
			said[strings.TrimSpace(item.Body)]++
		}
		if item.Body == "The end." {
			require.Len(w.t, item.Delivery, 1)
			require.Equal(w.t, state, item.Delivery[0].State, "%+v", item.Delivery)
			require.Equal(w.t, 1+retries(w.crash), item.Delivery[0].Attempts)
		}
	}
	if w.crash.during == noted {
		require.Len(w.t, w.inbox(colleague), 1, "he was told once")
	}
	want := map[string]int{"Please help.": 1, "The answer.": 1, "The reply.": 1, "The end.": 1}
	if w.crash.during == replied {
		want["One more."] = 1
	}
	require.Equal(w.t, want, said)
}

// retries is how often a mail was begun in vain before it went.
func retries(c crash) int {
	switch c.point {
	case "after_begin", "after_freeze":
		return 1
	default:
		return 0
	}
}
