package e2e

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"duradesk/postgres/cluster"
	"duradesk/postgres/cluster/tether"
)

// What a desk stands on goes away and stays away for a while: worker, Temporal, Postgres, the mail server. What can be
// taken is taken and done on return; what cannot is said.
func TestAway(t *testing.T) {
	t.Parallel()
	g := startGround(t)
	ok := t.Run("Worker", func(t *testing.T) { g.in(t).workerAway() }) &&
		t.Run("Temporal", func(t *testing.T) { g.in(t).temporalAway() }) &&
		t.Run("Postgres", func(t *testing.T) { g.in(t).postgresAway() }) &&
		t.Run("MailServer", func(t *testing.T) { g.in(t).mailServerAway() })
	if ok {
		g.in(t)
		g.settle(g.record(), patience)
		g.reconcile(g.record())
	}
}

// ground is a desk that stands on a Postgres, a Temporal and a mail server of the test, as a real installation does.
// `up` keeps only its API.
type ground struct {
	*desk
	outer    *desk // the desk as the whole test sees it; what it starts lives until the test's end
	dir      string
	postgres *cluster.Cluster
	temporal *tether.Process
	mail     *tether.Process
}

func startGround(t *testing.T) *ground {
	t.Helper()
	_, err := binary()
	require.NoError(t, err)
	ports := freePorts(t, 1)
	g := &ground{dir: t.TempDir()}
	g.startPostgres(t)
	t.Cleanup(func() {
		stop, cancel := context.WithTimeout(context.WithoutCancel(t.Context()), 20*time.Second)
		defer cancel()
		_ = g.postgres.Stop(stop)
	})
	g.desk = startDeskWith(t, []string{"DURADESK_DATABASE_URL=" + g.postgres.DSN(), "TEMPORAL_ADDRESS=" + ports[0]},
		"--without", partMail, "--without", partWorker)
	g.outer = g.desk
	g.startMail()
	g.startTemporal()
	return g
}

func (g *ground) in(t *testing.T) *ground {
	g.desk = g.outer.in(t)
	return g
}

func (g *ground) startPostgres(t *testing.T) {
	t.Helper()
	var err error
	g.postgres, err = cluster.Start(t.Context(), cluster.Options{Dir: filepath.Join(g.dir, "postgres"), SharedBuffers: "32MB"})
	require.NoError(t, err)
}

func (g *ground) startMail() {
	g.t.Helper()
	var err error
	g.mail, err = g.outer.launch(partMail)
	require.NoError(g.t, err)
	g.endAtLast(g.mail)
	_ = eventually(g.t, patience, "the mail server answers", func() (string, bool) {
		_, err := g.tryInbox("nobody@client.example")
		return fmt.Sprint(err), err == nil
	})
}

// startTemporal runs the server that `up` would run.
func (g *ground) startTemporal() {
	g.t.Helper()
	var err error
	g.temporal, err = g.launchTemporal(g.settings["TEMPORAL_ADDRESS"], filepath.Join(g.dir, "temporal", "temporal.db"))
	require.NoError(g.t, err)
	g.endAtLast(g.temporal)
}

func port(address string) string { return address[strings.LastIndex(address, ":")+1:] }

func (g *ground) endAtLast(p *tether.Process) {
	g.outer.t.Cleanup(func() { endNow(p) })
}

func endNow(p *tether.Process) {
	p.Signal(os.Kill)
	<-p.Done()
}

// pended sends a command that must be stored and cannot be applied, and gives its receipt's address.
func (g *ground) pended(number int64, command string, body object) string {
	g.t.Helper()
	start := time.Now()
	r := g.admin().call(http.MethodPost, ticketPath(number)+"/"+command, body)
	took := time.Since(start)
	require.Equal(g.t, http.StatusAccepted, r.status, r)
	require.Less(g.t, took, soon)
	require.Equal(g.t, "pending", r.receipt(g.desk).Outcome)
	require.NotNil(g.t, r.receipt(g.desk).Ticket, "the ticket as last known")
	at, found := strings.CutPrefix(r.header.Get("Location"), "/api/v1")
	require.True(g.t, found, r.header)
	var v receiptView
	g.admin().read(at, &v)
	require.Equal(g.t, "pending", v.Outcome)
	return at
}

// applied waits until a receipt says so.
func (g *ground) applied(at string) {
	g.t.Helper()
	start := time.Now()
	eventually(g.t, patience, "applied "+at, func() (receiptView, bool) {
		var v receiptView
		g.admin().read(at, &v)
		return v, v.Outcome == "applied"
	})
	g.t.Logf("applied %v after the return", time.Since(start).Round(time.Millisecond))
}

func (g *ground) ready() int {
	g.t.Helper()
	response, err := http.Get("http://" + g.settings["DURADESK_HTTP_ADDR"] + "/readyz")
	require.NoError(g.t, err)
	require.NoError(g.t, response.Body.Close())
	return response.StatusCode
}

// Nothing works yet: what agents do is taken, and done when a worker comes.
func (g *ground) workerAway() {
	n := g.admin().newTicket("No worker", "worker@client.example")
	body := object{"id": "no-worker", "message": says("As soon as somebody works.")}
	at := g.pended(n, "agent-response", body)
	require.Equal(g.t, at, g.pended(n, "agent-response", body), "repeated, it is the same command")
	require.Equal(g.t, http.StatusOK, g.ready())

	worker := g.outer.keep(partWorker)
	g.outer.t.Cleanup(worker.end)
	g.applied(at)
	again := g.admin().call(http.MethodPost, ticketPath(n)+"/agent-response", body)
	require.Equal(g.t, http.StatusOK, again.status, again)
	require.Contains(g.t, g.awaitMail("worker@client.example", 1).text, "As soon as somebody works.")
	require.Equal(g.t, "open", g.admin().ticket(n).State)
}

func (g *ground) temporalAway() {
	n := g.admin().newTicket("No Temporal", "temporal@client.example")
	g.admin().awaitState(n, "new")
	endNow(g.temporal)
	at := g.pended(n, "agent-response", object{"id": "no-temporal", "message": says("Temporal comes back.")})
	later := g.pended(n, "hold", object{"id": "no-temporal-hold", "hold": object{"reason": "client"}})
	require.Equal(g.t, http.StatusOK, g.ready(), "the API does its own work")
	g.send(letter{name: "Temporal", from: "temporal-mail@client.example", subject: "Written meanwhile", body: "?"})

	g.startTemporal()
	g.applied(at)
	g.applied(later)
	g.awaitMail("temporal@client.example", 1)
	require.Equal(g.t, "on_hold", g.admin().ticket(n).State, "in the order in which they were stored")
	g.admin().awaitTitle("Written meanwhile")
	g.awaitMail("temporal-mail@client.example", 1)
}

func (g *ground) postgresAway() {
	n := g.admin().newTicket("No Postgres", "postgres@client.example")
	g.admin().awaitState(n, "new")
	require.NoError(g.t, syscall.Kill(g.postgres.PID(), syscall.SIGKILL))
	<-g.postgres.Done()
	body := object{"id": "no-postgres", "message": says("Postgres comes back.")}
	for range 3 {
		r := g.admin().call(http.MethodPost, ticketPath(n)+"/agent-response", body)
		require.Equal(g.t, http.StatusServiceUnavailable, r.status, r)
		require.Equal(g.t, "/problems/store-away", r.problem(g.desk).Type)
		require.NotEmpty(g.t, r.problem(g.desk).Detail)
	}
	require.Equal(g.t, http.StatusServiceUnavailable, g.ready())
	g.send(letter{name: "Postgres", from: "postgres-mail@client.example", subject: "Nobody reads this yet", body: "?"})
	signal(g.desk, g.desk.temporal(), n, "escalate", struct{}{})

	g.startPostgres(g.outer.t)
	eventually(g.t, patience, "the command is taken", func() (reply, bool) {
		r, err := g.admin().try(g.t.Context(), http.MethodPost, ticketPath(n)+"/agent-response", body)
		require.NoError(g.t, err)
		require.Contains(g.t, []int{http.StatusOK, http.StatusAccepted, http.StatusServiceUnavailable}, r.status, r)
		return r, r.status == http.StatusOK
	})
	require.Contains(g.t, g.awaitMail("postgres@client.example", 1).text, "Postgres comes back.")
	g.admin().awaitTicket(n, "escalated by the signal that came meanwhile", func(v ticketView) bool { return v.Tier == 2 })
	g.admin().awaitTitle("Nobody reads this yet")
	g.awaitMail("postgres-mail@client.example", 1)
	require.Equal(g.t, http.StatusOK, g.ready())
}

func (g *ground) mailServerAway() {
	n := g.admin().newTicket("No mail server", "mail@client.example")
	g.admin().awaitState(n, "new")
	endNow(g.mail)
	g.admin().command(n, "agent-response", object{"id": "no-mail", "message": says("The mail comes later.")})
	waiting := eventually(g.t, patience, "a vain attempt", func() (deliveryView, bool) {
		v := g.delivery(n, "no-mail")
		return v, v.State == "queued" && v.Attempts > 0
	})
	require.NotNil(g.t, waiting.Reason, "it is said why")

	start := time.Now()
	g.startMail()
	m := g.awaitMail("mail@client.example", 1)
	g.t.Logf("sent %v after the return", time.Since(start).Round(time.Millisecond))
	eventually(g.t, patience, "accepted", func() (deliveryView, bool) {
		v := g.delivery(n, "no-mail")
		return v, v.State == "accepted" && v.Attempts > 1
	})
	g.send(m.reply(letter{name: "Mail", from: "mail@client.example", body: "Here is my answer."}))
	eventually(g.t, patience, "the reply is read", func() (string, bool) {
		said := fmt.Sprint(g.admin().timeline(n))
		return said, strings.Contains(said, "Here is my answer.")
	})
	g.awaitMail("mail@client.example", 1)
}

// delivery is how the mail of a command stands.
func (g *ground) delivery(number int64, command string) deliveryView {
	g.t.Helper()
	for _, item := range g.admin().timeline(number) {
		if item.CommandID == command && len(item.Delivery) == 1 {
			return item.Delivery[0]
		}
	}
	return deliveryView{}
}
