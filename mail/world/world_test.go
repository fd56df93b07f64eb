package world_test

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"
	"github.com/stretchr/testify/require"

	"duradesk/mail/world"
)

// A logged handler hands out what is logged.
type logged struct{ records chan string }

func (l logged) Enabled(context.Context, slog.Level) bool { return true }
func (l logged) WithAttrs([]slog.Attr) slog.Handler       { return l }
func (l logged) WithGroup(string) slog.Handler            { return l }

func (l logged) Handle(_ context.Context, r slog.Record) error {
	line := r.Message
	r.Attrs(func(a slog.Attr) bool {
		line += " " + a.String()
		return true
	})
	select {
	case l.records <- line:
	default:
	}
	return nil
}

func TestRunUntilTheContextEnds(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	log := logged{make(chan string, 100)}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- world.Run(ctx, world.Options{Dir: dir, Log: slog.New(log)}) }()
	opened := receive(t, log.records)
	var smtpAddr, imapAddr string
	_, err := fmt.Sscanf(opened, "mail world is open smtp=%s imap=%s", &smtpAddr, &imapAddr)
	require.NoError(t, err, opened)
	c, err := imapclient.DialInsecure(imapAddr, nil)
	require.NoError(t, err)
	require.NoError(t, c.Login(desk, "demo").Wait())

	require.ErrorContains(t, world.Run(ctx, world.Options{Dir: t.TempDir(), SMTPAddr: smtpAddr}), "open the SMTP door")
	require.ErrorContains(t, world.Run(ctx, world.Options{Dir: t.TempDir(), IMAPAddr: imapAddr}), "open the IMAP door")
	require.ErrorContains(t, world.Run(ctx, world.Options{}), "needs a directory")

	cancel()
	require.NoError(t, receive(t, ended))
	receive(t, c.Closed())
	_, err = net.Dial("tcp", smtpAddr)
	require.Error(t, err)
	start(t, world.Options{Dir: dir, SMTPAddr: smtpAddr, IMAPAddr: imapAddr})
	close(log.records)
	for line := range log.records {
		require.NotContains(t, line, "desk.example", "no addresses in the log")
	}
}

func TestContextEndsTheWorld(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	w, err := world.Start(ctx, world.Options{Dir: t.TempDir()})
	require.NoError(t, err)
	waiting := make(chan error, 1)
	go func() {
		_, err := w.WaitMessages(t.Context(), desk, 1)
		waiting <- err
	}()
	cancel()
	require.ErrorContains(t, receive(t, waiting), "closed")
	require.NoError(t, w.Close())
	require.NoError(t, w.Close())
}

// TestManyAtOnce lets mail come in while clients flag, move and expunge, and counts in the end: nothing is lost,
// nothing is there twice, and no client was confused.
func TestManyAtOnce(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	w := start(t, world.Options{Dir: dir})
	require.NoError(t, w.CreateFolder(t.Context(), desk, "Done"))
	const senders, each = 4, 40
	var delivering, working sync.WaitGroup
	for sender := range senders {
		c := dialSMTP(t, w)
		delivering.Go(func() {
			for n := range each {
				if err := send(c, client, nil, mail(fmt.Sprintf("%d-%d", sender, n)), desk, client); err != nil {
					t.Error(err)
				}
			}
		})
	}
	stop := make(chan struct{})
	for range 3 {
		c := open(t, w, desk, nil)
		working.Go(func() {
			for {
				if err := shuffle(c); err != nil {
					t.Error(err)
					return
				}
				select {
				case <-stop:
					return
				default:
				}
			}
		})
	}
	delivering.Wait()
	close(stop)
	working.Wait()
	require.NoError(t, shuffle(open(t, w, desk, nil)))

	count := func(w *world.World) {
		require.Len(t, messages(t, w, client, "INBOX"), senders*each)
		require.Empty(t, messages(t, w, desk, "INBOX"))
		done := messages(t, w, desk, "Done")
		subjects := make(map[string]bool)
		for i, m := range done {
			_, rest, _ := strings.Cut(string(m.Raw), "Subject: ")
			subject, _, _ := strings.Cut(rest, "\r\n")
			subjects[subject] = true
			require.Contains(t, m.Flags, imap.Flag("$Seen1"))
			require.True(t, i == 0 || done[i-1].UID < m.UID)
		}
		require.Len(t, subjects, senders*each)
		require.Len(t, done, senders*each)
	}
	count(w)
	require.NoError(t, w.Close())
	count(start(t, world.Options{Dir: dir}))
}

// shuffle flags everything in INBOX and moves it to Done.
func shuffle(c *imapclient.Client) error {
	data, err := c.UIDSearch(&imap.SearchCriteria{}, nil).Wait()
	if err != nil {
		return err
	}
	if len(data.AllUIDs()) == 0 {
		return nil
	}
	set := imap.UIDSetNum(data.AllUIDs()...)
	flags := &imap.StoreFlags{Op: imap.StoreFlagsAdd, Flags: []imap.Flag{"$Seen1"}}
	if err := c.Store(set, flags, nil).Close(); err != nil {
		return err
	}
	_, err = c.Move(set, "Done").Wait()
	return err
}

func TestIdleWithoutFolderAndAcrossClose(t *testing.T) {
	t.Parallel()
	w := start(t, world.Options{})
	c := login(t, w, desk, nil)
	idle, err := c.Idle()
	require.NoError(t, err)
	require.NoError(t, idle.Close())
	require.NoError(t, idle.Wait())
	c = open(t, w, desk, nil)
	_, err = c.Idle()
	require.NoError(t, err)
	began := time.Now()
	require.NoError(t, w.Close())
	require.Less(t, time.Since(began), time.Minute)
	receive(t, c.Closed())
}
