package world_test

import (
	"bufio"
	"net"
	"testing"
	"time"

	"github.com/emersion/go-smtp"
	"github.com/stretchr/testify/require"

	"duradesk/mail/world"
)

func TestFaultRepliesPerRecipient(t *testing.T) {
	t.Parallel()
	faults := new(world.Faults)
	w := start(t, world.Options{Faults: faults})
	faults.Arm(world.Fault{At: world.AtRcpt, Address: "grey@x.example", Times: 1, Do: world.Reply(451, "4.7.1 greylisted")})
	gone := faults.Arm(world.Fault{At: world.AtRcpt, Address: "gone@x.example", Do: world.Reply(550, "5.1.1 no such user")})
	c := dialSMTP(t, w)
	require.NoError(t, c.Mail(client, nil))
	err := c.Rcpt("grey+sub@x.example", nil)
	require.Equal(t, 451, smtpCode(t, err))
	require.ErrorContains(t, err, "greylisted")
	require.Equal(t, 550, smtpCode(t, c.Rcpt("Gone@X.example", nil)))
	require.NoError(t, c.Rcpt("fine@x.example", nil))
	require.NoError(t, c.Rcpt("grey+sub@x.example", nil), "once only")
	data, err := c.Data()
	require.NoError(t, err)
	require.NoError(t, data.Close())
	require.Equal(t, 1, gone.Hits())
	require.Equal(t, []string{"fine@x.example", "grey@x.example"}, w.Addresses())
	gone.Disarm()
	require.NoError(t, send(c, client, nil, mail("now"), "gone@x.example"))
}

func TestFaultRepliesPerPhase(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		at    world.Phase
		fault world.Fault
	}{
		{world.AtMail, world.Fault{Sender: client}},
		{world.AtMail, world.Fault{Sender: world.NullSender}},
		{world.AtData, world.Fault{Address: desk}},
		{world.AtDot, world.Fault{Sender: client, Address: desk}},
	} {
		faults := new(world.Faults)
		w := start(t, world.Options{Faults: faults})
		tt.fault.At, tt.fault.Do = tt.at, world.Reply(452, "4.2.2 full")
		armed := faults.Arm(tt.fault)
		from := client
		if tt.fault.Sender == world.NullSender {
			from = ""
		}
		c := dialSMTP(t, w)
		require.NoError(t, send(c, "other@x.example", nil, mail("other"), "other@x.example"), "it strikes nobody else")
		require.Equal(t, 452, smtpCode(t, send(c, from, nil, mail("x"), desk)), "%s", tt.at)
		require.Empty(t, messages(t, w, desk, "INBOX"))
		armed.Disarm()
		require.NoError(t, c.Reset(), "%s: the conversation is in step", tt.at)
		require.NoError(t, send(c, from, nil, mail("y"), desk), "%s", tt.at)
		require.Len(t, messages(t, w, desk, "INBOX"), 1)
	}
}

func TestFaultDrops(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		at   world.Phase
		do   world.Action
		kept int
	}{
		"before the greeting": {world.AtGreeting, world.Drop(), 0},
		"at MAIL":             {world.AtMail, world.Drop(), 0},
		"at RCPT":             {world.AtRcpt, world.Drop(), 0},
		"before DATA":         {world.AtData, world.Drop(), 0},
		"after the dot, lost": {world.AtDot, world.Drop(), 0},
		"after the dot, kept": {world.AtDot, world.DropKept(), 1},
	} {
		faults := new(world.Faults)
		w := start(t, world.Options{Faults: faults})
		armed := faults.Arm(world.Fault{At: tt.at, Connection: 2, Do: tt.do})
		require.NoError(t, send(dialSMTP(t, w), client, nil, mail("first connection"), "other@x.example"), name)

		conn, err := net.Dial("tcp", w.SMTPAddr())
		require.NoError(t, err)
		c := smtp.NewClient(conn)
		err = send(c, client, nil, mail("x"), desk)
		require.Error(t, err, name)
		var reply *smtp.SMTPError
		require.NotErrorAs(t, err, &reply, name) // nothing was answered
		_ = c.Close()
		require.Equal(t, 1, armed.Hits(), name)
		require.Len(t, messages(t, w, desk, "INBOX"), tt.kept, name)
		require.NoError(t, send(dialSMTP(t, w), client, nil, mail("third connection"), "other@x.example"), name)
	}
}

func TestFaultGreetingReply(t *testing.T) {
	t.Parallel()
	faults := new(world.Faults)
	w := start(t, world.Options{Faults: faults})
	faults.Arm(world.Fault{At: world.AtGreeting, Times: 1, Do: world.Reply(421, "4.3.2 too busy")})
	conn, err := net.Dial("tcp", w.SMTPAddr())
	require.NoError(t, err)
	defer conn.Close()
	lines := bufio.NewScanner(conn)
	require.True(t, lines.Scan())
	require.Equal(t, "421 4.3.2 too busy", lines.Text())
	require.False(t, lines.Scan(), "and goodbye")
}

func TestFaultStalls(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		at         world.Phase
		do         world.Action
		keptBefore int
	}{
		"greeting":     {world.AtGreeting, world.Stall(), 0},
		"RCPT":         {world.AtRcpt, world.Stall(), 0},
		"DATA":         {world.AtData, world.Stall(), 0},
		"dot":          {world.AtDot, world.Stall(), 0},
		"reply to dot": {world.AtDot, world.StallKept(), 1},
	} {
		faults := new(world.Faults)
		w := start(t, world.Options{Faults: faults})
		armed := faults.Arm(world.Fault{At: tt.at, Do: tt.do})
		conn, err := net.Dial("tcp", w.SMTPAddr())
		require.NoError(t, err)
		sent := make(chan error, 1)
		go func() { sent <- send(smtp.NewClient(conn), client, nil, mail("x"), desk) }()
		receive(t, armed.Hit())
		if tt.keptBefore > 0 {
			_, err := w.WaitMessages(within(t, 5*time.Second), desk, 1)
			require.NoError(t, err)
		}
		require.Len(t, messages(t, w, desk, "INBOX"), tt.keptBefore, name)
		select {
		case err := <-sent:
			require.Fail(t, "answered while stalled", "%s: %v", name, err)
		default:
		}
		armed.Release()
		require.NoError(t, receive(t, sent), name)
		require.Len(t, messages(t, w, desk, "INBOX"), 1, name)
		require.NoError(t, conn.Close())
	}
}

func TestCloseEndsStalls(t *testing.T) {
	t.Parallel()
	faults := new(world.Faults)
	w, err := world.Start(t.Context(), world.Options{Dir: t.TempDir(), Faults: faults})
	require.NoError(t, err)
	armed := faults.Arm(world.Fault{At: world.AtRcpt, Do: world.Stall()})
	c := dialSMTP(t, w)
	sent := make(chan error, 1)
	go func() { sent <- send(c, client, nil, mail("x"), desk) }()
	receive(t, armed.Hit())
	require.NoError(t, w.Close())
	require.Error(t, receive(t, sent))
	_, err = w.Deliver(t.Context(), desk, mail("late"))
	require.ErrorContains(t, err, "closed")
}

func TestNonsenseFaultPanics(t *testing.T) {
	t.Parallel()
	faults := new(world.Faults)
	for _, nonsense := range []world.Fault{
		{},
		{At: "smtp NOOP"},
		{At: world.AtRcpt, Do: world.Reply(250, "fine")},
		{At: world.AtRcpt, Do: world.No("", "x")},
		{At: world.AtFetch, Do: world.Reply(451, "x")},
		{At: world.AtMove, Do: world.Cut()},
	} {
		require.Panics(t, func() { faults.Arm(nonsense) }, "%+v", nonsense)
	}
}
