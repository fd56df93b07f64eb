package world_test

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/stretchr/testify/require"

	"duradesk/mail/world"
)

// TestTenThousandMessages keeps a full mailbox quick. The messages are laid into the directory as doc.go describes
// it, since delivering them durably is not what is measured.
func TestTenThousandMessages(t *testing.T) {
	dir := t.TempDir()
	w, err := world.Start(t.Context(), world.Options{Dir: dir})
	require.NoError(t, err)
	deliver(t, w, desk, "first")
	require.NoError(t, w.Close())
	inbox := filepath.Join(dir, "mailboxes", desk, "INBOX")
	for uid := 2; uid <= 10_000; uid++ {
		path := filepath.Join(inbox, fmt.Sprintf("%d.eml", uid))
		require.NoError(t, os.WriteFile(path, mail(fmt.Sprint("n", uid)), 0o600))
	}

	timed := func(what string, limit time.Duration, do func()) {
		t.Helper()
		began := time.Now()
		do()
		took := time.Since(began)
		t.Logf("%-32s %v", what, took.Round(time.Millisecond/10))
		require.Less(t, took, limit, what)
	}
	timed("start", 10*time.Second, func() { w, err = world.Start(t.Context(), world.Options{Dir: dir}) })
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, w.Close()) })
	c := open(t, w, desk, nil)

	var tail imap.UIDSet
	tail.AddRange(9_991, 0)
	body := []*imap.FetchItemBodySection{{Peek: true}}
	timed("UID FETCH 9991:* BODY.PEEK[]", time.Second, func() {
		got, err := c.Fetch(tail, &imap.FetchOptions{BodySection: body}).Collect()
		require.NoError(t, err)
		require.Len(t, got, 10)
	})
	timed("UID FETCH 1:* (FLAGS SIZE)", 5*time.Second, func() {
		got, err := c.Fetch(all(), &imap.FetchOptions{UID: true, Flags: true, RFC822Size: true}).Collect()
		require.NoError(t, err)
		require.Len(t, got, 10_000)
	})
	timed("UID SEARCH HEADER Message-ID", 5*time.Second, func() {
		found, err := c.UIDSearch(&imap.SearchCriteria{Header: []imap.SearchCriteriaHeaderField{
			{Key: "Message-ID", Value: "<n7777@client.example>"},
		}}, nil).Wait()
		require.NoError(t, err)
		require.Equal(t, []imap.UID{7777}, found.AllUIDs())
	})
	var half imap.UIDSet
	half.AddRange(1, 5_000)
	timed("UID STORE 1:5000 +FLAGS", 5*time.Second, func() {
		flags := &imap.StoreFlags{Op: imap.StoreFlagsAdd, Flags: []imap.Flag{imap.FlagDeleted, "$DuradeskDone"}, Silent: true}
		require.NoError(t, c.Store(half, flags, nil).Close())
	})
	timed("UID EXPUNGE 1:5000", 5*time.Second, func() { require.NoError(t, c.UIDExpunge(half).Close()) })
	require.NoError(t, c.Create("Done", nil).Wait())
	timed("UID MOVE 5001:*", 5*time.Second, func() {
		_, err := c.Move(all(), "Done").Wait()
		require.NoError(t, err)
	})
	require.Len(t, messages(t, w, desk, "Done"), 5_000)
	timed("deliver one", time.Second, func() {
		require.Equal(t, []imap.UID{10_001}, deliver(t, w, desk, "one more"))
	})
}
