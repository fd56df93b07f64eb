package e2e

import (
	"fmt"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"

	"duradesk/e2e/dovecot"
	"duradesk/mail"
	"duradesk/mail/receive"
	"duradesk/postgres/cluster/tether"
)

// A mailbox full of mail, on a Dovecot, is taken in while the worker is killed again and again: each mail has one fate,
// each person's mail one ticket. With DURADESK_SOAK=1 (make soak) it holds 10,000 mails; else a hundred.
func TestBacklog(t *testing.T) {
	t.Parallel()
	mails, every := 100, 35
	if os.Getenv("DURADESK_SOAK") != "" {
		mails, every = 10_000, 200 // a kill each few seconds of work
	}
	b := startBacklog(t, dovecot.Options{}, backlogOf(mails))
	b.ceiling()
	b.killed(every)
	b.requireEachOnce(mails)
	b.madeAnew(mails)
}

// Two workers at one mailbox: the leader falls asleep with the connection open, as a suspended machine does, the other
// takes over, and the first wakes up in the middle of its work.
func TestTwoWorkersAtOneMailbox(t *testing.T) {
	t.Parallel()
	mails, answers, kills := 100, 36, 2
	if os.Getenv("DURADESK_SOAK") != "" {
		mails, answers, kills = 10_000, 500, 10
	}
	b := startBacklog(t, dovecot.Options{Hide: []string{"IDLE", "MOVE"}}, backlogOf(mails))
	start := time.Now()
	first := b.worker()
	b.progress(first, 20)
	first.Signal(syscall.SIGSTOP)
	second := b.worker()
	b.progress(second, 50)
	first.Signal(syscall.SIGCONT)
	b.progress(second, mails)
	t.Logf("two workers: %d mails, %.0f a second", mails, float64(mails)/time.Since(start).Seconds())
	for _, w := range []*tether.Process{first, second} {
		w.Signal(syscall.SIGKILL)
		<-w.Done()
	}
	answersThroughABadServer(t, b, answers, kills)
	b.requireEachOnce(mails)
}

// backlog is a desk whose mailbox lies on a Dovecot.
type backlog struct {
	*desk
	dovecot *dovecot.Server
	record  *pgxpool.Pool
}

func startBacklog(t *testing.T, o dovecot.Options, mails [][]byte) *backlog {
	t.Helper()
	s := dovecot.Start(t, o)
	s.Fill(deskAddress, mails)
	b := &backlog{desk: startDesk(t, "--without", partWorker), dovecot: s}
	b.record = b.desk.record()
	_, err := b.record.Exec(t.Context(), `update mailboxes set imap_addr = $1`, s.IMAPAddr)
	require.NoError(t, err)
	return b
}

// backlogOf makes mails of all kinds. Of each ten, eight are written by persons or machines and open a ticket, one is a
// report about a mail that is not ours, and one lies there twice.
func backlogOf(n int) [][]byte {
	out := make([][]byte, n)
	for i := range out {
		subject := fmt.Sprintf("Mail %05d", i)
		header := ""
		body := "It does not work. " + strings.Repeat("Please help. ", i%200)
		switch i % 10 {
		case 5:
			header = "Auto-Submitted: auto-generated\r\n"
		case 6:
			header = "List-Id: <news.client.example>\r\n"
		case 7:
			header = "Content-Type: text/plain; charset=iso-2022-jp\r\n"
			body = "\x1b$B%W%j%s%?!<$,F0$-$^$;$s!#\x1b(B"
		case 8:
			header = "Return-Path: <>\r\nX-Failed-Recipients: nobody@client.example\r\n"
			subject, body = "Undelivered Mail Returned to Sender "+subject, "User unknown: it could not be delivered. "+subject
		case 9:
			out[i] = out[i-9]
			continue
		}
		out[i] = fmt.Appendf(nil, "From: Client %d <client%d@client.example>\r\nTo: %s\r\nMessage-ID: <backlog.%d@client.example>\r\nSubject: %s\r\n%s\r\n%s\r\n",
			i, i, deskAddress, i, subject, header, body)
	}
	return out
}

// ceiling tells how fast the mailbox can be read and parsed by this machine when nothing is done with the mails.
func (b *backlog) ceiling() {
	b.t.Helper()
	m, err := receive.Dial(b.t.Context(), receive.Config{Addr: b.dovecot.IMAPAddr, TLS: receive.TLSNone, Username: deskAddress, Password: dovecot.Password})
	require.NoError(b.t, err)
	defer func() { _ = m.Close() }()
	_, err = m.Select(b.t.Context())
	require.NoError(b.t, err)
	n, start := 0, time.Now()
	require.NoError(b.t, m.FetchFrom(b.t.Context(), 1, func(raw receive.Mail) error {
		mail.Parse(raw.Raw, mail.Limits{})
		n++
		return nil
	}))
	b.t.Logf("bare go-imap and Parse: %d mails, %.0f a second", n, float64(n)/time.Since(start).Seconds())
}

// worker starts one more worker.
func (b *backlog) worker() *tether.Process {
	b.t.Helper()
	w, err := b.launch(partWorker, "DURADESK_WORKER_HEALTH_ADDR="+freePorts(b.t, 1)[0], "DURADESK_SMTP_ANSWER=3s")
	require.NoError(b.t, err)
	b.t.Cleanup(func() {
		w.Signal(syscall.SIGKILL)
		<-w.Done()
	})
	return w
}

func (b *backlog) settled() int {
	return count(b.desk, b.record, `select count(*) from ledger where fate <> 'received' and marked`)
}

// progress waits until so many mails have their fate.
func (b *backlog) progress(w *tether.Process, n int) {
	b.t.Helper()
	eventually(b.t, 15*time.Minute, fmt.Sprintf("%d mails are taken in", n), func() (int, bool) {
		select {
		case <-w.Done():
			require.FailNow(b.t, "the worker ended", "%v", w.Err())
		default:
		}
		done := b.settled()
		return done, done >= n
	})
}

// killed takes everything in and kills the worker each time it has done so many mails more.
func (b *backlog) killed(every int) {
	b.t.Helper()
	lying, kills, working := b.lying(), 0, time.Duration(0)
	for ; b.settled() < lying; kills++ {
		w := b.worker()
		from := b.settled()
		b.progress(w, min(from+1, lying)) // the server gives the mailbox to it only when it has noticed the death of the last
		start := time.Now()
		b.progress(w, min(from+every, lying))
		working += time.Since(start)
		w.Signal(syscall.SIGKILL)
		<-w.Done()
	}
	b.t.Logf("taken in: %d mails, %d kills, %.0f a second while a worker worked", lying, kills, float64(lying)/working.Seconds())
}

// lying counts the mails on the server.
func (b *backlog) lying() int {
	b.t.Helper()
	m, err := receive.Dial(b.t.Context(), receive.Config{Addr: b.dovecot.IMAPAddr, TLS: receive.TLSNone, Username: deskAddress, Password: dovecot.Password})
	require.NoError(b.t, err)
	defer func() { _ = m.Close() }()
	f, err := m.Select(b.t.Context())
	require.NoError(b.t, err)
	return int(f.Messages)
}

// requireEachOnce holds mailbox, ledger and tickets against each other.
func (b *backlog) requireEachOnce(mails int) {
	b.t.Helper()
	require.Equal(b.t, mails, b.lying(), "nothing was taken away")
	require.Equal(b.t, mails, b.settled())
	of := func(fate string) int {
		return count(b.desk, b.record, `select count(*) from ledger where fate = $1`, fate)
	}
	require.Equal(b.t, mails/10, of("duplicate"))
	require.Equal(b.t, mails/10, of("bounce"))
	require.Equal(b.t, mails/10*2, of("automatic"))
	require.Equal(b.t, mails/10*6, of("message"))
	require.Zero(b.t, of("quarantined"))
	require.Equal(b.t, mails/10*8, count(b.desk, b.record, `select count(*) from tickets`))
	require.Equal(b.t, mails/10*8, count(b.desk, b.record, `select count(distinct title) from tickets`), "no ticket twice")
	require.Equal(b.t, mails/10*8, count(b.desk, b.record, `select count(distinct l.ticket) from ledger l join messages m on m.ticket = l.ticket where l.fate in ('message', 'automatic')`), "and none without its message")
}

// madeAnew: the server forgets its UIDs; everything is looked at again, nothing is taken in twice, and what came
// meanwhile is found.
func (b *backlog) madeAnew(mails int) {
	b.t.Helper()
	b.dovecot.ForgetUIDs(deskAddress)
	b.dovecot.Fill(deskAddress, [][]byte{backlogOf(mails + 1)[mails]})
	w := b.worker()
	b.progress(w, 2*mails+1)
	require.Equal(b.t, mails/10*8+1, count(b.desk, b.record, `select count(*) from tickets`))
	require.Equal(b.t, mails/10*7+1, count(b.desk, b.record, `select count(*) from ledger where fate in ('message', 'bounce')`), "the rest is known by its content")
}
