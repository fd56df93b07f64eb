package world_test

import (
	"testing"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"
	"github.com/stretchr/testify/require"

	"duradesk/mail/world"
)

func uidsOf(messages []world.Message) []imap.UID {
	uids := []imap.UID{}
	for _, m := range messages {
		uids = append(uids, m.UID)
	}
	return uids
}

func TestCopyMoveExpunge(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	w := start(t, world.Options{Dir: dir})
	deliver(t, w, desk, "1", "2", "3", "4", "5")
	var expunged []uint32
	c := open(t, w, desk, &imapclient.Options{UnilateralDataHandler: &imapclient.UnilateralDataHandler{
		Expunge: func(seq uint32) { expunged = append(expunged, seq) },
	}})
	require.Equal(t, imap.ResponseCodeTryCreate, code(t, moveError(c, imap.UIDSetNum(1), "Failed")))
	require.NoError(t, c.Create("Failed", nil).Wait())
	require.NoError(t, c.Store(imap.UIDSetNum(2), &imap.StoreFlags{Op: imap.StoreFlagsSet, Flags: []imap.Flag{"$Kept", imap.FlagDeleted}}, nil).Close())
	dates := messages(t, w, desk, "INBOX")

	copied, err := c.Copy(imap.UIDSetNum(2, 4), "Failed").Wait()
	require.NoError(t, err)
	require.Equal(t, "2,4", copied.SourceUIDs.String())
	require.Equal(t, "1:2", copied.DestUIDs.String())
	require.Empty(t, expunged)
	moved, err := c.Move(imap.SeqSetNum(1, 3), "Failed").Wait()
	require.NoError(t, err)
	require.Equal(t, "1,3", imap.UIDSet(moved.SourceUIDs.(imap.UIDSet)).String())
	require.Equal(t, []uint32{3, 1}, expunged)
	require.Equal(t, []imap.UID{2, 4, 5}, uidsOf(messages(t, w, desk, "INBOX")))

	failed := messages(t, w, desk, "Failed")
	require.Equal(t, []imap.UID{1, 2, 3, 4}, uidsOf(failed))
	require.Equal(t, []imap.Flag{"$Kept", imap.FlagDeleted}, failed[0].Flags)
	require.True(t, dates[1].InternalDate.Equal(failed[0].InternalDate), "the date goes along")
	require.Equal(t, dates[0].Raw, failed[2].Raw)

	// UID EXPUNGE takes only what is both named and flagged.
	require.NoError(t, c.Store(imap.UIDSetNum(5), &imap.StoreFlags{Op: imap.StoreFlagsAdd, Flags: []imap.Flag{imap.FlagDeleted}}, nil).Close())
	require.NoError(t, c.UIDExpunge(imap.UIDSetNum(4, 5)).Close())
	require.Equal(t, []imap.UID{2, 4}, uidsOf(messages(t, w, desk, "INBOX")))
	require.NoError(t, c.Expunge().Close())
	require.Equal(t, []imap.UID{4}, uidsOf(messages(t, w, desk, "INBOX")))
	moveTail, err := c.Move(imap.UIDSetNum(4, 99), "Failed").Wait()
	require.NoError(t, err)
	require.NotNil(t, moveTail)

	require.NoError(t, w.Close())
	again := start(t, world.Options{Dir: dir})
	require.Empty(t, messages(t, again, desk, "INBOX"))
	require.Equal(t, []imap.UID{6}, deliver(t, again, desk, "after"), "UIDs of what is gone are not given again")
	after := messages(t, again, desk, "Failed")
	require.Equal(t, []imap.UID{1, 2, 3, 4, 5}, uidsOf(after))
	require.Equal(t, []imap.Flag{"$Kept", imap.FlagDeleted}, after[0].Flags)
	require.True(t, dates[1].InternalDate.Equal(after[0].InternalDate))
}

func moveError(c *imapclient.Client, set imap.NumSet, to string) error {
	_, err := c.Move(set, to).Wait()
	return err
}

func TestReadOnly(t *testing.T) {
	t.Parallel()
	w := start(t, world.Options{})
	deliver(t, w, desk, "1")
	c := login(t, w, desk, nil)
	_, err := c.Select("INBOX", &imap.SelectOptions{ReadOnly: true}).Wait()
	require.NoError(t, err)
	flags := &imap.StoreFlags{Op: imap.StoreFlagsAdd, Flags: []imap.Flag{imap.FlagDeleted}}
	require.Error(t, c.Store(imap.UIDSetNum(1), flags, nil).Close())
	_, err = c.Fetch(all(), &imap.FetchOptions{BodySection: []*imap.FetchItemBodySection{{}}}).Collect()
	require.NoError(t, err)
	require.NoError(t, c.UnselectAndExpunge().Wait())
	inbox := messages(t, w, desk, "INBOX")
	require.Len(t, inbox, 1)
	require.Empty(t, inbox[0].Flags)
}

// TestTwoSessions lets two clients work in one folder. Each learns of the other's changes, and no sequence number
// ever means another message than the client thinks.
func TestTwoSessions(t *testing.T) {
	t.Parallel()
	w := start(t, world.Options{})
	deliver(t, w, desk, "1", "2", "3", "4")
	first, second := talk(t, w), open(t, w, desk, nil)
	first.say("a LOGIN " + desk + " demo")
	first.say("b SELECT INBOX")
	add := func(uid imap.UID, flag imap.Flag) {
		t.Helper()
		flags := &imap.StoreFlags{Op: imap.StoreFlagsAdd, Flags: []imap.Flag{flag}, Silent: true}
		require.NoError(t, second.Store(imap.UIDSetNum(uid), flags, nil).Close())
	}
	add(2, imap.FlagDeleted)
	require.NoError(t, second.Expunge().Close())
	add(4, "$Other")
	deliver(t, w, desk, "5")

	// The first still counts 1 2 3 4: its 3 is UID 3, the expunged one is missing without a word.
	require.Equal(t, "* 3 FETCH (UID 3 FLAGS ())\r\n"+
		"* 5 EXISTS\r\n"+
		"* FLAGS (\\Answered \\Flagged \\Deleted \\Seen \\Draft $Other)\r\n"+
		"* 4 FETCH (UID 4 FLAGS ($Other))\r\n"+
		"c OK FETCH completed\r\n", first.say("c FETCH 2:3 FLAGS"), "no EXPUNGE during FETCH")
	require.Equal(t, "* 2 EXPUNGE\r\nd OK NOOP completed\r\n", first.say("d NOOP"))
	require.Equal(t, "* 4 FETCH (UID 5)\r\ne OK FETCH completed\r\n", first.say("e FETCH * UID"))

	// Its own silent STORE is not told to it again, that of the other is.
	require.Equal(t, "* FLAGS (\\Answered \\Flagged \\Deleted \\Seen \\Draft $Mine $Other)\r\nf OK STORE completed\r\n",
		first.say("f STORE 1 +FLAGS.SILENT ($Mine)"))
	require.Equal(t, "g OK NOOP completed\r\n", first.say("g NOOP"))
	add(1, "$Yours")
	require.Contains(t, first.say("h NOOP"), "* 1 FETCH (UID 1 FLAGS ($Mine $Yours))\r\n")
	// Both at once: what the other did in between is told although the last change is its own.
	add(1, "$Between")
	require.Contains(t, first.say("i STORE 1 +FLAGS.SILENT ($Last)"), "* 1 FETCH (UID 1 FLAGS ($Between $Last $Mine $Yours))\r\n")

	// A folder that is deleted under a client empties before its eyes.
	require.NoError(t, second.Create("Short", nil).Wait())
	_, err := w.Append(t.Context(), desk, "Short", mail("x"))
	require.NoError(t, err)
	first.say("j SELECT Short")
	require.NoError(t, second.Delete("Short").Wait())
	require.Equal(t, "* 1 EXPUNGE\r\nk OK NOOP completed\r\n", first.say("k NOOP"))
	require.Equal(t, "* SEARCH\r\nl OK SEARCH completed\r\n", first.say("l SEARCH ALL"))
}
