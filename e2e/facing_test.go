package e2e

import (
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"

	"duradesk/postgres"
	"duradesk/ticket"
)

// Two desks, each with its own record and its own Temporal, that write to each other: each acknowledges once, and then
// there is peace.
func TestTwoDesksFacingEachOther(t *testing.T) {
	t.Parallel()
	ours := startDesk(t)
	other := startOtherDesk(t, ours, "helpdesk@other.example")

	// On each side an agent writes to the other desk. Each opens a ticket for that and acknowledges it; the other files
	// the acknowledgement in silence.
	write := func(from *desk, to string) {
		agent := from.admin().staff("sato", "Sato")
		n := from.admin().newTicket("A question", to)
		agent.command(n, "agent-response", object{"message": says("Where are you?")})
	}
	write(ours, other.address)
	acknowledged := func(d *desk, record *pgxpool.Pool) {
		eventually(t, patience, "a mail is acknowledged", func() (int, bool) {
			n := count(d, record, `select count(*) from deliveries where message is null and state = 'accepted'`)
			return n, n == 1
		})
	}
	acknowledged(other.desk, other.record)
	write(other.desk, deskAddress)
	mine := ours.record()
	acknowledged(ours, mine)
	ours.quiet(t, other)
	for d, record := range map[*desk]*pgxpool.Pool{ours: mine, other.desk: other.record} {
		require.Equal(t, 1, count(d, record, `select count(*) from deliveries where message is null`), "one acknowledgement each")
		require.Equal(t, []string{"automatic", "message"}, lines(d, record, `select fate from ledger order by fate`))
		require.Equal(t, 2, count(d, record, `select count(*) from tickets`), "one that we opened, one that the other did")
	}
}

// otherDesk is a second installation in the mail world of the first.
type otherDesk struct {
	*desk
	address string
	record  *pgxpool.Pool
}

func startOtherDesk(t *testing.T, first *desk, address string) *otherDesk {
	t.Helper()
	d := startDesk(t, "--without", partWorker, "--without", partMail)
	o := &otherDesk{desk: d, address: address, record: d.record()}
	sealer, err := postgres.NewSealer(d.settings["DURADESK_SECRET_KEY"])
	require.NoError(t, err)
	s, err := postgres.Open(t.Context(), postgres.Config{URL: d.settings["DURADESK_DATABASE_URL"], Sealer: sealer, Wait: patience})
	require.NoError(t, err)
	defer s.Close()
	_, err = o.record.Exec(t.Context(), `delete from mailboxes`)
	require.NoError(t, err)
	_, err = s.SaveAccount(t.Context(), postgres.Account{
		Desk: "support", Address: address, IMAPAddr: first.settings["DURADESK_IMAP_ADDR"], SMTPAddr: first.settings["DURADESK_SMTP_ADDR"],
		Password: ticket.Secret("demo"), Subaddress: true, FromStart: true, Enabled: true,
	})
	require.NoError(t, err)
	_, err = o.record.Exec(t.Context(), `update desks set address = $1`, address)
	require.NoError(t, err)
	w, err := d.launch(partWorker)
	require.NoError(t, err)
	t.Cleanup(func() {
		w.Signal(syscall.SIGKILL)
		<-w.Done()
	})
	return o
}

// quiet waits until both desks have had nothing to do for a while.
func (d *desk) quiet(t *testing.T, other *otherDesk) {
	t.Helper()
	record := d.record()
	look := func() int {
		return count(d, record, `select (select count(*) from ledger) + (select count(*) from deliveries where finished_at is not null)`) +
			count(other.desk, other.record, `select (select count(*) from ledger) + (select count(*) from deliveries where finished_at is not null)`)
	}
	last, since := look(), time.Now()
	eventually(t, patience, "peace", func() (int, bool) {
		if now := look(); now != last {
			last, since = now, time.Now()
		}
		return last, time.Since(since) > 5*time.Second
	})
}
