package world_test

import (
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"
	"github.com/emersion/go-sasl"
	"github.com/stretchr/testify/require"

	"duradesk/mail/world"
)

func TestHiddenCapabilities(t *testing.T) {
	t.Parallel()
	faults := new(world.Faults)
	w := start(t, world.Options{Faults: faults})
	deliver(t, w, desk, "1")
	faults.Hide(imap.CapMove, imap.CapIdle, imap.CapUIDPlus)
	c := open(t, w, desk, nil)
	for _, hidden := range []imap.Cap{imap.CapMove, imap.CapIdle, imap.CapUIDPlus, imap.CapIMAP4rev2} {
		require.False(t, c.Caps().Has(hidden), hidden)
	}
	require.True(t, c.Caps().Has(imap.CapNamespace))
	require.NoError(t, c.Create("Done", nil).Wait())
	copied, err := c.Copy(imap.UIDSetNum(1), "Done").Wait()
	require.NoError(t, err)
	require.Empty(t, copied.DestUIDs, "no COPYUID")

	say := talk(t, w).say
	require.Contains(t, say("a LOGIN "+desk+" demo"), "a OK")
	require.Contains(t, say("b SELECT INBOX"), "b OK")
	require.Contains(t, say("c IDLE"), "c BAD")
	require.Contains(t, say("d UID MOVE 1 Done"), "d BAD")
	require.Contains(t, say("e UID EXPUNGE 1"), "e BAD")
	require.Contains(t, say("f UID FETCH 1 (FLAGS)"), "f OK")

	faults.Hide()
	require.True(t, open(t, w, desk, nil).Caps().Has(imap.CapMove))
}

func TestCutInsideALiteral(t *testing.T) {
	t.Parallel()
	faults := new(world.Faults)
	w := start(t, world.Options{Faults: faults})
	for _, size := range []int{200, 100_000} {
		uid, err := w.Append(t.Context(), desk, "INBOX", []byte("A: b\r\n\r\n"+strings.Repeat("x", size)))
		require.NoError(t, err)
		faults.Arm(world.Fault{At: world.AtFetch, Address: desk, Times: 1, Do: world.Cut()})
		c := talk(t, w)
		c.say("a LOGIN " + desk + " demo")
		c.say("b SELECT INBOX")
		require.Contains(t, c.say(fmt.Sprintf("c UID FETCH %d BODY.PEEK[]", uid)), fmt.Sprintf("{%d}", size+8))
		got, err := io.ReadAll(c.lines)
		require.NoError(t, err)
		require.InDelta(t, size/2, len(got), 40, "the connection ended in the middle")
	}
}

func TestUIDValidityChange(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	w := start(t, world.Options{Dir: dir})
	deliver(t, w, desk, "1", "2", "3")
	c := open(t, w, desk, nil)
	require.NoError(t, c.Store(imap.UIDSetNum(1), &imap.StoreFlags{Op: imap.StoreFlagsAdd, Flags: []imap.Flag{imap.FlagDeleted}}, nil).Close())
	require.NoError(t, c.Store(imap.UIDSetNum(3), &imap.StoreFlags{Op: imap.StoreFlagsAdd, Flags: []imap.Flag{"$Three"}}, nil).Close())
	require.NoError(t, c.Expunge().Close())
	before := c.Mailbox()
	require.NotNil(t, before)

	same, err := w.ChangeUIDValidity(t.Context(), desk, "INBOX", false)
	require.NoError(t, err)
	receive(t, c.Closed())
	require.Equal(t, []imap.UID{2, 3}, uidsOf(messages(t, w, desk, "INBOX")))
	renumbered, err := w.ChangeUIDValidity(t.Context(), desk, "INBOX", true)
	require.NoError(t, err)
	require.Greater(t, renumbered, same)
	require.NoError(t, w.Close())

	again := start(t, world.Options{Dir: dir})
	inbox := messages(t, again, desk, "INBOX")
	require.Equal(t, []imap.UID{1, 2}, uidsOf(inbox))
	require.Equal(t, []imap.Flag{"$Three"}, inbox[1].Flags)
	data, err := login(t, again, desk, nil).Select("INBOX", nil).Wait()
	require.NoError(t, err)
	require.Equal(t, renumbered, data.UIDValidity)
	require.Equal(t, imap.UID(3), data.UIDNext)
}

func TestRefusedLogin(t *testing.T) {
	t.Parallel()
	faults := new(world.Faults)
	w := start(t, world.Options{Faults: faults})
	armed := faults.RefuseLogin(desk)
	c, err := imapclient.DialInsecure(w.IMAPAddr(), nil)
	require.NoError(t, err)
	defer c.Close()
	require.Equal(t, imap.ResponseCodeAuthenticationFailed, code(t, c.Login("Support+x@desk.example", "demo").Wait()))
	login(t, w, client, nil)
	out := dialSMTP(t, w)
	require.Equal(t, 535, smtpCode(t, out.Auth(sasl.NewPlainClient("", desk, "demo"))))
	for _, a := range armed {
		a.Disarm()
	}
	require.NoError(t, c.Login(desk, "demo").Wait())
	require.NoError(t, out.Auth(sasl.NewPlainClient("", desk, "demo")))
}

func TestIMAPFaults(t *testing.T) {
	t.Parallel()
	faults := new(world.Faults)
	w := start(t, world.Options{Faults: faults})
	deliver(t, w, desk, "1")
	faults.Arm(world.Fault{At: world.AtAppend, Times: 1, Do: world.No(imap.ResponseCodeOverQuota, "full")})
	c := open(t, w, desk, nil)
	put := c.Append("INBOX", 4, nil)
	_, err := put.Write([]byte("a: b"))
	require.NoError(t, err)
	require.NoError(t, put.Close())
	_, err = put.Wait()
	require.Equal(t, imap.ResponseCodeOverQuota, code(t, err))

	// A MOVE that was done, but whose OK never came.
	require.NoError(t, w.CreateFolder(t.Context(), desk, "Done"))
	faults.Arm(world.Fault{At: world.AtMove, Times: 1, Do: world.DropKept()})
	require.Error(t, moveError(c, imap.UIDSetNum(1), "Done"))
	require.Empty(t, messages(t, w, desk, "INBOX"))
	require.Len(t, messages(t, w, desk, "Done"), 1)

	// A black hole until released; and all connections torn down at once.
	stall := faults.Arm(world.Fault{At: world.AtSelect, Do: world.Stall()})
	c = login(t, w, desk, nil)
	selecting := c.Select("INBOX", nil)
	receive(t, stall.Hit())
	stall.Disarm()
	_, err = selecting.Wait()
	require.NoError(t, err)
	idle, err := c.Idle()
	require.NoError(t, err)
	require.Equal(t, 1, w.Disconnect(desk))
	require.Error(t, idle.Wait())
}
