package activities

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/log"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/testsuite"

	"duradesk/mail"
	"duradesk/ticket"
)

var (
	noon = time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)
	keys = mail.Keys{{ID: "k", Secret: []byte("only for tests, of sixteen bytes and more")}}
)

const deliveryID = "0198a0c4-2b6a-7c3e-9f00-000000000001"

// post is outbox and mail server at once, and writes down what is done to it, in order.
type post struct {
	attempt ticket.Attempt
	kept    []byte // what Freeze finds kept already
	begin   error
	mark    error // what Data answers
	finish  error
	reply   []ticket.End
	slow    bool
	refuse  error  // the server cannot be reached
	during  func() // happens after DATA, before the server's answer

	steps  []string
	sent   []byte
	from   string
	to     []string
	ends   []ticket.End
	retry  time.Time
	rung   []ticket.Number
	stands ticket.DeliveryState
}

func (p *post) did(step string, args ...any) { p.steps = append(p.steps, fmt.Sprintf(step, args...)) }

func (p *post) Begin(_ context.Context, id string) (ticket.Attempt, error) {
	p.did("begin %s", id[len(id)-1:])
	return p.attempt, p.begin
}

func (p *post) Freeze(_ context.Context, _ string, raw []byte) ([]byte, error) {
	p.did("freeze")
	if p.kept != nil {
		return p.kept, nil
	}
	return raw, nil
}

func (p *post) Data(_ context.Context, _ string, attempt int) error {
	p.did("mark %d", attempt)
	return p.mark
}

func (p *post) Finish(ctx context.Context, _ string, attempt int, ends []ticket.End, retry time.Time) (ticket.DeliveryState, error) {
	p.did("finish %d", attempt)
	if ctx.Err() != nil {
		return ticket.DeliveryState{}, ctx.Err()
	}
	p.ends, p.retry = ends, retry
	p.stands.Reason = "451 4.2.0 yamada@client.example is busy"
	return p.stands, p.finish
}

func (p *post) Send(ctx context.Context, _ ticket.Account, e Envelope, raw []byte, before func(context.Context) error) ([]ticket.End, bool, error) {
	p.did("connect")
	if p.refuse != nil {
		return nil, false, p.refuse
	}
	if err := before(ctx); err != nil {
		return nil, false, err
	}
	p.did("data")
	p.sent, p.from, p.to = raw, e.From, e.To
	if p.during != nil {
		p.during()
	}
	return p.reply, p.slow, nil
}

func (p *post) Ring(_ context.Context, n ticket.Number, name string, r ticket.Ring) error {
	p.did("ring %s", name)
	if r != (ticket.Ring{}) {
		return errors.New("a bell has no payload")
	}
	p.rung = append(p.rung, n)
	return errors.New("Temporal is away") // the relay rings; nothing may depend on it
}

func (p *post) StartDelivery(context.Context, string) error { return nil }

func answer() *post {
	return &post{
		attempt: ticket.Attempt{
			No: 1, From: "support@desk.example", Recipients: []string{"yamada@client.example"},
			Mail: ticket.Mail{
				Occasion: "answer", Number: 1042, Title: "Printer", Language: "en", MailID: "t.x.reply.k-sig@desk.example", Date: noon,
				From: ticket.Address{Name: "Support", Address: "support@desk.example"}, ReplyTo: "token",
				To:        []ticket.Address{{Address: "yamada@client.example"}},
				InReplyTo: "a1@client.example", References: []string{"a1@client.example"}, Body: "Please **restart** it.", Format: "markdown", Agent: "Sato", Desk: "Support",
			},
		},
		reply: []ticket.End{{Address: "yamada@client.example", State: "accepted"}}, stands: ticket.DeliveryState{State: "accepted", Finished: true},
	}
}

// send runs the activity once.
func send(t *testing.T, p *post, now time.Time) (ticket.DeliveryState, error) {
	t.Helper()
	v, err := run(p.hands(now).Send, NameSend, deliveryID)
	var out ticket.DeliveryState
	if err == nil {
		require.NoError(t, v.Get(&out))
	}
	return out, err
}

// Sign is seen in the mail.
func (p *post) Sign(raw []byte, key ticket.SigningKey) ([]byte, error) {
	if key.Key == "broken" {
		return nil, errors.New("no key")
	}
	return append([]byte("DKIM-Signature: s="+key.Selector+"\r\n"), raw...), nil
}

func (p *post) hands(now time.Time) *Deliveries {
	return &Deliveries{
		Outbox: p, Sender: p, Signer: p, Bell: p, Keys: keys, Log: slog.New(slog.DiscardHandler), Now: func() time.Time { return now },
		Crash: func(point string) { p.did("%s", point) },
	}
}

func TestAWorkerThatIsStoppedWhileTheServerAnswersWritesItDown(t *testing.T) {
	t.Parallel()
	p := answer()
	ctx, stop := context.WithCancel(t.Context())
	p.during = stop
	_, err := p.hands(noon).Send(ctx, deliveryID)
	require.NoError(t, err)
	require.Equal(t, "accepted", p.ends[0].State)
}

type value interface{ Get(any) error }

// run executes an activity as a worker does.
func run(fn any, name string, args ...any) (value, error) {
	var suite testsuite.WorkflowTestSuite
	suite.SetLogger(log.NewStructuredLogger(slog.New(slog.DiscardHandler)))
	env := suite.NewTestActivityEnvironment()
	env.RegisterActivityWithOptions(fn, activity.RegisterOptions{Name: name})
	return env.ExecuteActivity(name, args...)
}

func TestTheFirstAttemptMarksInOrder(t *testing.T) {
	t.Parallel()
	p := answer()
	out, err := send(t, p, noon)
	require.NoError(t, err)
	require.Equal(t, []string{"begin 1", "freeze", "connect", "mark 1", "data", "after_dot", "finish 1"}, p.steps)
	require.Equal(t, "accepted", out.State)
	require.Empty(t, out.Reason, "it may quote an address; the row has it")
	require.Equal(t, []string{"yamada@client.example"}, p.to)
	delivery, ok := keys.VerifyBounceAddress(p.from)
	require.True(t, ok, "reports come to an address that names the mail: %s", p.from)
	require.Equal(t, deliveryID, delivery)
	for _, want := range []string{"Message-ID: <t.x.reply.k-sig@desk.example>", "In-Reply-To: <a1@client.example>", "Subject: Re: ", "#1042", "support+r.token."} {
		require.Contains(t, string(p.sent), want)
	}
}

func TestAMailboxWithoutSubaddressesGetsReportsUnderItsOwnAddress(t *testing.T) {
	t.Parallel()
	p := answer()
	p.attempt.Mail.ReplyTo = ""
	_, err := send(t, p, noon)
	require.NoError(t, err)
	require.Equal(t, "support@desk.example", p.from)
}

func TestALaterAttemptSendsTheFrozenBytes(t *testing.T) {
	t.Parallel()
	p := answer()
	p.attempt.No, p.attempt.Raw = 3, []byte("frozen")
	_, err := send(t, p, noon)
	require.NoError(t, err)
	require.Equal(t, []string{"begin 1", "connect", "mark 3", "data", "after_dot", "finish 3"}, p.steps)
	require.Equal(t, "frozen", string(p.sent))
}

func TestWhatWasFrozenFirstIsSent(t *testing.T) {
	t.Parallel()
	p := answer()
	p.kept = []byte("a twin froze these")
	_, err := send(t, p, noon)
	require.NoError(t, err)
	require.Equal(t, "a twin froze these", string(p.sent))
}

func TestAnOvertakenAttemptStopsBeforeData(t *testing.T) {
	t.Parallel()
	p := answer()
	p.mark = fmt.Errorf("mark: %w", ticket.ErrOvertaken)
	out, err := send(t, p, noon)
	require.NoError(t, err)
	require.Nil(t, p.sent)
	require.NotContains(t, p.steps, "finish 1", "the mail is the other attempt's now")
	require.False(t, out.Finished)
	require.True(t, out.NextAt.After(noon), "the workflow looks again later")
}

func TestAServerThatCannotBeReachedIsTriedAgain(t *testing.T) {
	t.Parallel()
	for attempt, pause := range map[int]time.Duration{1: 5 * time.Second, 2: 10 * time.Second, 6: 160 * time.Second, 20: 30 * time.Minute, 500: 30 * time.Minute} {
		p := answer()
		p.attempt.No, p.refuse = attempt, errors.New("connection refused")
		_, err := send(t, p, noon)
		require.NoError(t, err)
		require.Equal(t, []ticket.End{{Address: "yamada@client.example", State: "queued", Reason: "connection refused"}}, p.ends)
		require.Equal(t, noon.Add(pause), p.retry, "attempt %d", attempt)
	}
}

func TestAServerThatAsksForPatienceGetsIt(t *testing.T) {
	t.Parallel()
	p := answer()
	p.slow, p.reply = true, []ticket.End{{Address: "yamada@client.example", State: "queued", Reason: "450 greylisted"}}
	_, err := send(t, p, noon)
	require.NoError(t, err)
	require.Equal(t, noon.Add(5*time.Minute), p.retry)
}

func TestAfterThreeDaysAMailHasFailed(t *testing.T) {
	t.Parallel()
	p := answer()
	p.attempt.No, p.refuse = 90, errors.New("connection refused")
	_, err := send(t, p, noon.Add(72*time.Hour-31*time.Minute))
	require.NoError(t, err)
	require.Equal(t, "queued", p.ends[0].State)
	_, err = send(t, p, noon.Add(72*time.Hour-29*time.Minute))
	require.NoError(t, err)
	require.Equal(t, "failed", p.ends[0].State, "the next attempt would come too late")
	require.Equal(t, "given up after 72h0m0s: connection refused", p.ends[0].Reason)
}

func TestOnlyTheRecipientsThatAreLeftAreGivenUp(t *testing.T) {
	t.Parallel()
	p := answer()
	p.attempt.Recipients = []string{"a@client.example", "b@client.example"}
	p.reply = []ticket.End{{Address: "a@client.example", State: "accepted"}, {Address: "b@client.example", State: "queued", Reason: "busy"}}
	_, err := send(t, p, noon.Add(80*time.Hour))
	require.NoError(t, err)
	require.Equal(t, "accepted", p.ends[0].State)
	require.Equal(t, "failed", p.ends[1].State)
}

func TestAMailThatNeedsAPersonRings(t *testing.T) {
	t.Parallel()
	p := answer()
	p.reply = []ticket.End{{Address: "yamada@client.example", State: "uncertain", Reason: "the connection was lost after DATA"}}
	p.stands = ticket.DeliveryState{State: "uncertain", Finished: true, Number: 1042}
	out, err := send(t, p, noon)
	require.NoError(t, err, "a bell that nobody hears fails nothing")
	require.Equal(t, []ticket.Number{1042}, p.rung)
	require.True(t, out.Finished)
}

func TestNothingLeftToDoIsSaidAtOnce(t *testing.T) {
	t.Parallel()
	p := answer()
	p.attempt = ticket.Attempt{DeliveryState: ticket.DeliveryState{State: "uncertain", Finished: true, Number: 1042, Reason: "451 yamada@client.example"}}
	out, err := send(t, p, noon)
	require.NoError(t, err)
	require.True(t, out.Finished)
	require.Empty(t, out.Reason, "it goes into a history")
	require.Equal(t, []string{"begin 1", "ring bell"}, p.steps)
}

func TestAMailThatCannotBeComposedHasFailed(t *testing.T) {
	t.Parallel()
	p := answer()
	p.attempt.Mail.Occasion = "birthday"
	_, err := send(t, p, noon)
	require.NoError(t, err)
	require.Equal(t, []string{"begin 1", "finish 1"}, p.steps)
	require.Equal(t, "failed", p.ends[0].State)
	require.Contains(t, p.ends[0].Reason, "birthday")
	require.True(t, p.retry.IsZero())
}

func TestErrorsOfTheRecordSayWhetherTheyAreWorthARetry(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		err       error
		kind      string
		retryable bool
	}{
		{fmt.Errorf("query for yamada@client.example: %w", errors.New("connection reset")), TypeAway, true},
		{&ticket.Error{Code: ticket.NotFound, Message: "no such mail"}, TypeGone, false},
		{fmt.Errorf("apply: %w", ticket.ErrRowBehind), TypeRowBehind, true},
		{fmt.Errorf("log in: %w", ErrAuth), TypeAuth, true},
	} {
		p := answer()
		p.begin = c.err
		_, err := send(t, p, noon)
		var app *temporal.ApplicationError
		require.ErrorAs(t, err, &app)
		require.Equal(t, c.kind, app.Type())
		require.Equal(t, !c.retryable, app.NonRetryable())
		require.NotContains(t, err.Error(), "yamada")
	}
}

func TestAnEndThatCannotBeRecordedIsAnError(t *testing.T) {
	t.Parallel()
	p := answer()
	p.finish = errors.New("away")
	_, err := send(t, p, noon)
	require.Error(t, err, "the next attempt finds the second mark and knows that the mail is uncertain")
}

func TestAcknowledgementsAreMarkedAsAutomatic(t *testing.T) {
	t.Parallel()
	p := answer()
	p.attempt.From, p.attempt.Mail.Occasion, p.attempt.Mail.Body = "", "acknowledge", ""
	_, err := send(t, p, noon)
	require.NoError(t, err)
	require.Empty(t, p.from, "the null sender: nothing answers it")
	require.Contains(t, string(p.sent), "Auto-Submitted: auto-replied")
	require.True(t, bytes.Contains(p.sent, []byte("#1042")))
}

// The signature is under the bytes that are frozen, so that every attempt sends the same one.
func TestAMailIsSignedBeforeItIsFrozen(t *testing.T) {
	t.Parallel()
	p := answer()
	p.attempt.Sign = ticket.SigningKey{Domain: "desk.example", Selector: "desk2026", Key: "private"}
	_, err := send(t, p, noon)
	require.NoError(t, err)
	require.True(t, strings.HasPrefix(string(p.sent), "DKIM-Signature: s=desk2026\r\n"))

	p = answer()
	p.attempt.Sign.Key = "broken"
	_, err = send(t, p, noon)
	require.NoError(t, err)
	require.Nil(t, p.sent)
	require.Equal(t, "failed", p.ends[0].State, "it does not leave unsigned, and a person sees why")
}

// The shipped mails at the end ask for a rating, by a link that names their ticket and that we signed.
func TestTheMailsAtTheEndCarryTheRatingLink(t *testing.T) {
	t.Parallel()
	for _, occasion := range []string{"final", "closed", "feedback"} {
		for _, language := range []string{"en", "ja"} {
			p := answer()
			p.attempt.Mail.Occasion, p.attempt.Mail.Language, p.attempt.Mail.Body = occasion, language, ""
			hands := p.hands(noon)
			hands.ConsoleURL = "https://desk.example"
			_, err := run(hands.Send, NameSend, deliveryID)
			require.NoError(t, err)
			read, _ := mail.Parse(p.sent, mail.Limits{})
			found := regexp.MustCompile(`https://desk\.example/portal/rate\?t=(\S+)`).FindStringSubmatch(read.Text)
			require.NotNil(t, found, "%s %s: %s", occasion, language, read.Text)
			number, ok := keys.VerifyRatingToken(found[1], noon)
			require.True(t, ok)
			require.EqualValues(t, 1042, number)
			require.Equal(t, occasion != "final", strings.Contains(string(p.sent), "Auto-Submitted: auto-replied"), "no person looks at the others before they leave")
		}
	}
}
