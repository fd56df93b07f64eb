package world_test

import (
	"testing"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"
	"github.com/stretchr/testify/require"

	"duradesk/mail/world"
)

func TestFolders(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	w := start(t, world.Options{Dir: dir})
	deliver(t, w, desk, "one", "two")
	c := login(t, w, desk, nil)
	for _, name := range []string{"Sent", "Failed", "A/B/C", "送信済み", "../up", "a+b ~41"} {
		require.NoError(t, c.Create(name, nil).Wait(), name)
	}
	for _, taken := range []string{"sent", "INBOX", "inbox", "送信済み"} {
		require.Equal(t, imap.ResponseCodeAlreadyExists, code(t, c.Create(taken, nil).Wait()), taken)
	}
	require.Equal(t, imap.ResponseCodeCannot, code(t, c.Create("A//B", nil).Wait()))
	require.Equal(t, imap.ResponseCodeCannot, code(t, c.Create("100%", nil).Wait()), "a wildcard of LIST")
	require.Equal(t, imap.ResponseCodeCannot, code(t, c.Delete("INBOX").Wait()))
	require.NoError(t, c.Create("Waste", nil).Wait())
	require.NoError(t, c.Delete("Waste").Wait())
	require.NoError(t, c.Rename("A/B/C", "D", nil).Wait())
	require.NoError(t, c.Create("P", nil).Wait())
	require.NoError(t, c.Create("P/Q", nil).Wait())
	require.NoError(t, c.Rename("P", "R", nil).Wait())
	require.NoError(t, c.Subscribe("Sent").Wait())
	want := []string{"INBOX", "../up", "D", "Failed", "R", "R/Q", "Sent", "a+b ~41", "送信済み"}
	require.Equal(t, want, list(t, c, "*", nil))
	require.Equal(t, []string{"Sent"}, list(t, c, "*", &imap.ListOptions{SelectSubscribed: true}))
	require.Equal(t, []string{"INBOX"}, list(t, c, "inbox", nil))
	require.Equal(t, []string{"R/Q"}, list(t, c, "R/%", nil))

	status, err := c.Status("INBOX", &imap.StatusOptions{NumMessages: true, UIDNext: true, UIDValidity: true, NumUnseen: true, Size: true}).Wait()
	require.NoError(t, err)
	require.Equal(t, uint32(2), *status.NumMessages)
	require.Equal(t, uint32(2), *status.NumUnseen)
	require.Equal(t, imap.UID(3), status.UIDNext)
	require.NotZero(t, status.UIDValidity)
	require.Equal(t, imap.ResponseCodeNonExistent, code(t, statusError(c, "Nope")))

	require.NoError(t, w.Close())
	again := login(t, start(t, world.Options{Dir: dir}), desk, nil)
	require.Equal(t, want, list(t, again, "*", nil))
	require.Equal(t, []string{"Sent"}, list(t, again, "*", &imap.ListOptions{SelectSubscribed: true}))
	after, err := again.Status("INBOX", &imap.StatusOptions{UIDValidity: true, UIDNext: true}).Wait()
	require.NoError(t, err)
	require.Equal(t, status.UIDValidity, after.UIDValidity)
	require.Equal(t, status.UIDNext, after.UIDNext)
}

func code(t *testing.T, err error) imap.ResponseCode {
	t.Helper()
	var reply *imap.Error
	require.ErrorAs(t, err, &reply)
	return reply.Code
}

func statusError(c *imapclient.Client, name string) error {
	_, err := c.Status(name, &imap.StatusOptions{NumMessages: true}).Wait()
	return err
}

func list(t *testing.T, c *imapclient.Client, pattern string, options *imap.ListOptions) []string {
	t.Helper()
	found, err := c.List("", pattern, options).Collect()
	require.NoError(t, err)
	names := make([]string, len(found))
	for i, data := range found {
		names[i] = data.Mailbox
	}
	return names
}

// TestRecreatedFolderHasAnotherUIDValidity also across a restart within the same second.
func TestRecreatedFolderHasAnotherUIDValidity(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	seen := make(map[uint32]bool)
	for range 5 {
		w, err := world.Start(t.Context(), world.Options{Dir: dir})
		require.NoError(t, err)
		c := login(t, w, desk, nil)
		require.NoError(t, c.Create("Failed", nil).Wait())
		data, err := c.Select("Failed", nil).Wait()
		require.NoError(t, err)
		require.False(t, seen[data.UIDValidity])
		seen[data.UIDValidity] = true
		require.NoError(t, c.Delete("Failed").Wait())
		require.NoError(t, w.Close())
	}
}

func TestRenameInboxMovesItsMessages(t *testing.T) {
	t.Parallel()
	w := start(t, world.Options{})
	deliver(t, w, desk, "one", "two")
	c := login(t, w, desk, nil)
	require.NoError(t, c.Rename("INBOX", "Archive", nil).Wait())
	require.Empty(t, messages(t, w, desk, "INBOX"))
	require.Len(t, messages(t, w, desk, "Archive"), 2)
	require.Equal(t, []imap.UID{3}, deliver(t, w, desk, "three"))
}

func TestSpecialUse(t *testing.T) {
	t.Parallel()
	w := start(t, world.Options{})
	c := login(t, w, desk, nil)
	require.NoError(t, c.Create("Sent", &imap.CreateOptions{SpecialUse: []imap.MailboxAttr{imap.MailboxAttrSent}}).Wait())
	found, err := c.List("", "*", &imap.ListOptions{ReturnSpecialUse: true, ReturnStatus: &imap.StatusOptions{NumMessages: true}}).Collect()
	require.NoError(t, err)
	require.Len(t, found, 2)
	require.Equal(t, []imap.MailboxAttr{imap.MailboxAttrSent}, found[1].Attrs)
	require.NotNil(t, found[1].Status)
}
