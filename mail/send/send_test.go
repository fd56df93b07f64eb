package send_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"duradesk/mail/send"
	"duradesk/mail/world"
)

const (
	desk  = "support@desk.example"
	alice = "alice@client.example"
	bob   = "bob@client.example"
	carol = "carol@client.example"
)

var raw = []byte("From: support@desk.example\r\nTo: alice@client.example\r\nMessage-ID: <m1@desk.example>\r\nSubject: hello\r\n\r\n.dot first\r\nbye\r\n")

func start(t *testing.T) (*world.World, *world.Faults) {
	t.Helper()
	faults := &world.Faults{}
	w, err := world.Start(t.Context(), world.Options{Dir: t.TempDir(), Faults: faults})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, w.Close()) })
	return w, faults
}

func transport(t *testing.T, c send.Config) *send.Transport {
	t.Helper()
	if c.TLS == "" {
		c.TLS = send.TLSNone
	}
	tr, err := send.New(c)
	require.NoError(t, err)
	return tr
}

// short are timeouts at which a test can wait for a stalled server.
var short = send.Timeouts{
	Connect: 300 * time.Millisecond, Greeting: 300 * time.Millisecond, Command: 300 * time.Millisecond,
	Text: 300 * time.Millisecond, Dot: 300 * time.Millisecond,
}

func outcomes(r send.Result) []send.Outcome {
	var list []send.Outcome
	for _, reply := range r.Replies {
		list = append(list, reply.Outcome)
	}
	return list
}

func TestSend(t *testing.T) {
	t.Parallel()
	w, _ := start(t)
	tr := transport(t, send.Config{Addr: w.SMTPAddr(), Username: desk, Password: "demo"})
	marks := 0
	result, err := tr.Send(t.Context(), send.Envelope{From: desk, To: []string{alice, bob}, ID: "e1"}, raw, func(context.Context) error {
		marks++
		none, err := w.Messages(alice, "INBOX")
		require.NoError(t, err)
		require.Empty(t, none, "the mark is made before the server has the mail")
		return nil
	})
	require.NoError(t, err)
	require.Equal(t, []send.Outcome{send.Accepted, send.Accepted}, outcomes(result))
	require.Equal(t, 1, marks)
	require.Equal(t, alice, result.Replies[0].Recipient)
	for _, who := range []string{alice, bob} {
		got, err := w.Messages(who, "INBOX")
		require.NoError(t, err)
		require.Len(t, got, 1)
		require.Contains(t, string(got[0].Raw), "Return-Path: <support@desk.example>")
		require.True(t, strings.HasSuffix(string(got[0].Raw), "\r\n.dot first\r\nbye\r\n"), "byte for byte")
	}
}

func TestNullSender(t *testing.T) {
	t.Parallel()
	w, _ := start(t)
	result, err := transport(t, send.Config{Addr: w.SMTPAddr()}).Send(t.Context(), send.Envelope{To: []string{alice}}, raw, nil)
	require.NoError(t, err)
	require.Equal(t, []send.Outcome{send.Accepted}, outcomes(result))
	got, err := w.Messages(alice, "INBOX")
	require.NoError(t, err)
	require.Contains(t, string(got[0].Raw), "Return-Path: <>")
}

func TestEachRecipientHasItsOwnResult(t *testing.T) {
	t.Parallel()
	w, faults := start(t)
	faults.Arm(world.Fault{At: world.AtRcpt, Address: alice, Do: world.Reply(450, "4.2.1 later")})
	faults.Arm(world.Fault{At: world.AtRcpt, Address: bob, Do: world.Reply(550, "5.1.1 no such user")})
	result, err := transport(t, send.Config{Addr: w.SMTPAddr()}).Send(t.Context(), send.Envelope{From: desk, To: []string{alice, bob, carol}}, raw, nil)
	require.NoError(t, err)
	require.Equal(t, []send.Outcome{send.Temporary, send.Permanent, send.Accepted}, outcomes(result))
	require.Equal(t, 550, result.Replies[1].Code)
	require.Equal(t, "5.1.1", result.Replies[1].Enhanced)
	require.Equal(t, send.ScopeRecipient, result.Replies[1].Scope)
	require.Equal(t, "550 5.1.1 no such user", result.Replies[1].String())
	got, err := w.Messages(carol, "INBOX")
	require.NoError(t, err)
	require.Len(t, got, 1)
}

func TestNobodyTaken(t *testing.T) {
	t.Parallel()
	w, faults := start(t)
	faults.Arm(world.Fault{At: world.AtRcpt, Do: world.Reply(550, "5.1.1 no such user")})
	result, err := transport(t, send.Config{Addr: w.SMTPAddr()}).Send(t.Context(), send.Envelope{From: desk, To: []string{alice, bob}}, raw,
		func(context.Context) error { require.Fail(t, "there is nothing to mark"); return nil })
	require.NoError(t, err)
	require.Equal(t, []send.Outcome{send.Permanent, send.Permanent}, outcomes(result))
	require.Equal(t, send.PhaseRcpt, result.Reached)
}

func TestBeforeDataStops(t *testing.T) {
	t.Parallel()
	w, _ := start(t)
	overtaken := errors.New("another attempt has begun")
	result, err := transport(t, send.Config{Addr: w.SMTPAddr()}).Send(t.Context(), send.Envelope{From: desk, To: []string{alice}}, raw,
		func(context.Context) error { return overtaken })
	require.ErrorIs(t, err, overtaken)
	require.ErrorIs(t, result.Stopped, overtaken)
	require.Equal(t, []send.Outcome{send.Temporary}, outcomes(result))
	got, err := w.Messages(alice, "INBOX")
	require.NoError(t, err)
	require.Empty(t, got)
}

// TestPhases breaks the conversation at every phase, in every way.
func TestPhases(t *testing.T) {
	t.Parallel()
	phases := []struct {
		at      world.Phase
		reached send.Phase
	}{
		{world.AtGreeting, send.PhaseConnect},
		{world.AtAuth, send.PhaseAuth},
		{world.AtMail, send.PhaseMail},
		{world.AtRcpt, send.PhaseRcpt},
		{world.AtData, send.PhaseData},
		{world.AtDot, send.PhaseDot},
	}
	actions := []struct {
		name string
		do   world.Action
		// before and at the dot
		before, dot send.Outcome
		kept        bool
	}{
		{"4yz", world.Reply(451, "4.3.0 later"), send.Temporary, send.Temporary, false},
		{"drop", world.Drop(), send.Temporary, send.Uncertain, false},
		{"stall", world.Stall(), send.Temporary, send.Uncertain, false},
		{"drop, mail kept", world.DropKept(), send.Temporary, send.Uncertain, true},
	}
	for _, p := range phases {
		for _, a := range actions {
			if a.kept && p.at != world.AtDot {
				continue
			}
			t.Run(fmt.Sprintf("%s %s", p.at, a.name), func(t *testing.T) {
				t.Parallel()
				w, faults := start(t)
				armed := faults.Arm(world.Fault{At: p.at, Do: a.do})
				t.Cleanup(armed.Release)
				tr := transport(t, send.Config{Addr: w.SMTPAddr(), Username: desk, Password: "demo", Timeouts: short})
				marked := false
				result, err := tr.Send(t.Context(), send.Envelope{From: desk, To: []string{alice, bob}}, raw,
					func(context.Context) error { marked = true; return nil })
				require.NoError(t, err, "the result tells all")
				want := a.before
				if p.at == world.AtDot {
					want = a.dot
				}
				require.Equal(t, []send.Outcome{want, want}, outcomes(result), result.Replies[0].String())
				require.Equal(t, p.reached, result.Reached)
				require.Equal(t, p.reached == send.PhaseData || p.reached == send.PhaseDot, marked)
				require.NotEmpty(t, result.Replies[0].Text)
				if a.kept {
					got, err := w.Messages(alice, "INBOX")
					require.NoError(t, err)
					require.Len(t, got, 1, "uncertain, and indeed sent")
				}
			})
		}
	}
}

func TestPermanentAtTheDot(t *testing.T) {
	t.Parallel()
	w, faults := start(t)
	faults.Arm(world.Fault{At: world.AtDot, Do: world.Reply(554, "5.7.1 spam")})
	result, err := transport(t, send.Config{Addr: w.SMTPAddr()}).Send(t.Context(), send.Envelope{From: desk, To: []string{alice}}, raw, nil)
	require.NoError(t, err)
	require.Equal(t, send.Permanent, result.Replies[0].Outcome)
	require.Equal(t, send.ScopeMessage, result.Replies[0].Scope)
}

func TestContextEndsEveryPhase(t *testing.T) {
	t.Parallel()
	for at, want := range map[world.Phase]send.Outcome{
		world.AtGreeting: send.Temporary, world.AtMail: send.Temporary, world.AtData: send.Temporary, world.AtDot: send.Uncertain,
	} {
		t.Run(string(at), func(t *testing.T) {
			t.Parallel()
			w, faults := start(t)
			armed := faults.Arm(world.Fault{At: at, Do: world.Stall()})
			t.Cleanup(armed.Release)
			ctx, cancel := context.WithCancel(t.Context())
			go func() { <-armed.Hit(); cancel() }()
			began := time.Now()
			result, err := transport(t, send.Config{Addr: w.SMTPAddr()}).Send(ctx, send.Envelope{From: desk, To: []string{alice}}, raw, nil)
			require.NoError(t, err)
			require.Equal(t, []send.Outcome{want}, outcomes(result))
			require.Less(t, time.Since(began), 10*time.Second)
			require.Contains(t, result.Replies[0].Text, "canceled")
		})
	}
}

func TestSenselessCalls(t *testing.T) {
	t.Parallel()
	tr := transport(t, send.Config{Addr: "127.0.0.1:1"})
	for name, e := range map[string]send.Envelope{
		"nobody":     {From: desk},
		"line break": {From: desk, To: []string{"a@b\r\nRCPT TO:<c@d>"}},
		"bracket":    {From: "a>b@c", To: []string{alice}},
		"id":         {From: desk, To: []string{alice}, ID: "a b"},
		"no domain":  {From: desk, To: []string{"alice"}},
	} {
		_, err := tr.Send(t.Context(), e, raw, nil)
		require.Error(t, err, name)
	}
	_, err := send.New(send.Config{Addr: "nowhere"})
	require.ErrorContains(t, err, "host:port")
	_, err = send.New(send.Config{Addr: "a:25", TLS: "ssl"})
	require.ErrorContains(t, err, "starttls")
}

func TestCheck(t *testing.T) {
	t.Parallel()
	w, faults := start(t)
	good := transport(t, send.Config{Addr: w.SMTPAddr(), Username: desk, Password: "demo"})
	reply, err := good.Check(t.Context())
	require.NoError(t, err)
	require.Equal(t, send.Accepted, reply.Outcome)

	faults.RefuseLogin(desk)
	reply, err = transport(t, send.Config{Addr: w.SMTPAddr(), Username: desk, Password: "s3cret"}).Check(t.Context())
	require.ErrorContains(t, err, "535")
	require.NotContains(t, err.Error(), "s3cret")
	require.Equal(t, send.ScopeAccount, reply.Scope)
}
