package replay

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	enumspb "go.temporal.io/api/enums/v1"
	historypb "go.temporal.io/api/history/v1"
	"go.temporal.io/api/temporalproto"
	"google.golang.org/protobuf/proto"

	"duradesk/activities"
	"duradesk/ticket"
)

// The corpus is regenerated only on purpose: a change of the clockwork that cannot replay it would break every ticket
// that is open when it is deployed.
var update = flag.Bool("update-histories", false, "play every path again and rewrite testdata/histories")

const corpus = "../testdata/histories"

// path is a life of a ticket, a mail or a mailbox: play returns the workflow whose runs are kept.
type path struct {
	name string
	play func(s *site) (workflow string)
	has  []enumspb.EventType // what makes it worth keeping
}

var paths = []path{
	{"fortnight", fortnight, []enumspb.EventType{enumspb.EVENT_TYPE_TIMER_CANCELED, enumspb.EVENT_TYPE_TIMER_FIRED, enumspb.EVENT_TYPE_WORKFLOW_EXECUTION_COMPLETED}},
	{"breach", breach, []enumspb.EventType{enumspb.EVENT_TYPE_TIMER_FIRED}},
	{"hold-and-wake", holdAndWake, []enumspb.EventType{enumspb.EVENT_TYPE_TIMER_FIRED}},
	{"spam-and-restore", spamAndRestore, []enumspb.EventType{enumspb.EVENT_TYPE_TIMER_CANCELED}},
	{"retention", retention, []enumspb.EventType{enumspb.EVENT_TYPE_TIMER_FIRED}},
	{"escalate", escalate, nil},
	{"by-hand", byHand, nil},
	{"duplicates", duplicates, nil},
	{"batch", batch, nil},
	{"continued", continued, []enumspb.EventType{enumspb.EVENT_TYPE_WORKFLOW_EXECUTION_CONTINUED_AS_NEW}},
	{"patient", patiently, []enumspb.EventType{enumspb.EVENT_TYPE_ACTIVITY_TASK_COMPLETED}},
	{"cancelled", cancelled, []enumspb.EventType{enumspb.EVENT_TYPE_WORKFLOW_EXECUTION_CANCEL_REQUESTED}},
	{"cancel-refused", cancelRefused, []enumspb.EventType{enumspb.EVENT_TYPE_WORKFLOW_EXECUTION_CANCEL_REQUESTED, enumspb.EVENT_TYPE_WORKFLOW_EXECUTION_COMPLETED}},
	{"reset", wasReset, []enumspb.EventType{enumspb.EVENT_TYPE_WORKFLOW_TASK_FAILED}},
	{"revived", revivedFinal, nil},
	{"delivery", deliveryWithRetries, []enumspb.EventType{enumspb.EVENT_TYPE_TIMER_FIRED}},
	{"delivery-uncertain", deliveryUncertain, nil},
	{"mailbox", mailboxWatched, []enumspb.EventType{enumspb.EVENT_TYPE_ACTIVITY_TASK_SCHEDULED}},
}

func TestUpdateHistories(t *testing.T) {
	t.Parallel()
	if !*update {
		require.NotEmpty(t, files(t), "run with -update-histories")
		return
	}
	old, err := filepath.Glob(filepath.Join(corpus, "*.json"))
	require.NoError(t, err)
	for _, f := range old {
		require.NoError(t, os.Remove(f))
	}
	require.NoError(t, os.MkdirAll(corpus, 0o755))
	for _, p := range paths {
		t.Run(p.name, func(t *testing.T) {
			t.Parallel()
			s := newSite(t)
			s.keep(p, p.play(s))
		})
	}
}

// keep writes every run of a workflow's chain.
func (s *site) keep(p path, id string) {
	s.t.Helper()
	var runs [][]*historypb.HistoryEvent
	for run := s.lastRun(id); run != ""; {
		events := s.history(id, run)
		runs = append([][]*historypb.HistoryEvent{events}, runs...)
		run = events[0].GetWorkflowExecutionStartedEventAttributes().GetContinuedExecutionRunId()
	}
	for i, events := range runs {
		discreet(s.t, events)
		raw, err := temporalproto.CustomJSONMarshalOptions{Indent: " "}.Marshal(&historypb.History{Events: events})
		require.NoError(s.t, err)
		name := p.name
		if len(runs) > 1 {
			name = fmt.Sprintf("%s.%d", p.name, i+1)
		}
		require.NoError(s.t, os.WriteFile(filepath.Join(corpus, name+".json"), append(raw, '\n'), 0o644))
	}
}

// files are those of the corpus.
func files(t testing.TB) []string {
	t.Helper()
	out, err := filepath.Glob(filepath.Join(corpus, "*.json"))
	require.NoError(t, err)
	return out
}

func load(t testing.TB, file string) []*historypb.HistoryEvent {
	t.Helper()
	raw, err := os.ReadFile(file)
	require.NoError(t, err)
	var h historypb.History
	require.NoError(t, temporalproto.CustomJSONUnmarshalOptions{DiscardUnknown: true}.Unmarshal(raw, &h))
	return h.GetEvents()
}

// discreet requires that nothing about anybody stands in a history (PRODUCT rule 8): no name, no address, no word of
// a client or an agent, nothing of the machine that it was recorded on.
func discreet(t testing.TB, events []*historypb.HistoryEvent) {
	t.Helper()
	host, err := os.Hostname()
	require.NoError(t, err)
	for _, e := range events {
		raw, err := proto.Marshal(e)
		require.NoError(t, err)
		for _, word := range []string{"yamada", "taro", "client.example", "plaintext", "subject", "@" + host + "@"} {
			require.False(t, bytes.Contains(bytes.ToLower(raw), []byte(word)), "%q in event %d, %s", word, e.GetEventId(), e.GetEventType())
		}
	}
}

func TestTheCorpusHoldsEveryPath(t *testing.T) {
	t.Parallel()
	for _, p := range paths {
		have := map[enumspb.EventType]bool{}
		for _, f := range files(t) {
			if name := strings.TrimSuffix(filepath.Base(f), ".json"); name == p.name || strings.HasPrefix(name, p.name+".") {
				have[enumspb.EVENT_TYPE_WORKFLOW_EXECUTION_STARTED] = true
				events := load(t, f)
				discreet(t, events)
				for _, e := range events {
					have[e.GetEventType()] = true
				}
			}
		}
		require.NotEmpty(t, have, p.name)
		for _, want := range p.has {
			require.True(t, have[want], "%s has no %s any more", p.name, want)
		}
	}
}

// cuts are the events after which a history may end: where a workflow task is completed and all that it commanded is
// written.
func cuts(events []*historypb.HistoryEvent) []int64 {
	var out []int64
	for i, e := range events {
		if e.GetEventType() != enumspb.EVENT_TYPE_WORKFLOW_TASK_COMPLETED {
			continue
		}
		last := e.GetEventId()
		for _, next := range events[i+1:] {
			if commandedBy(next) != e.GetEventId() {
				break
			}
			last = next.GetEventId()
		}
		out = append(out, last)
	}
	return out
}

// commandedBy is the workflow task that an event comes from, 0 where none.
func commandedBy(e *historypb.HistoryEvent) int64 {
	attributes := reflect.ValueOf(e.GetAttributes())
	if !attributes.IsValid() {
		return 0
	}
	inner, ok := attributes.Elem().Field(0).Interface().(interface{ GetWorkflowTaskCompletedEventId() int64 })
	if !ok {
		return 0
	}
	return inner.GetWorkflowTaskCompletedEventId()
}

func fortnight(s *site) string {
	s.work()
	n := s.opened()
	s.does(s.command(n, ticket.AgentResponse, sato))
	s.does(s.command(n, ticket.Resolve, sato))
	s.does(s.mailed(n))
	s.does(s.command(n, ticket.Resolve, sato))
	s.skipTime(n)
	s.ended(ticket.WorkflowID(n))
	return ticket.WorkflowID(n)
}

func breach(s *site) string {
	s.work()
	n := s.opened()
	s.skipTime(n)
	s.happened(ticket.WorkflowID(n), enumspb.EVENT_TYPE_TIMER_FIRED, 1)
	s.does(s.command(n, ticket.AgentResponse, sato))
	s.does(s.command(n, ticket.Close, lead))
	s.ended(ticket.WorkflowID(n))
	return ticket.WorkflowID(n)
}

func (s *site) holds(n ticket.Number) {
	o := s.command(n, ticket.Hold, sato)
	until := time.Now().Add(72 * time.Hour)
	o.Params.Hold = &ticket.HoldParams{Reason: ticket.HoldThirdParty, Until: &until}
	o.Message = &ticket.NewMessage{Body: "The plaintext of an interim answer.", Author: ticket.By{Kind: ticket.ActorAgent, ID: "sato", Name: "sato"}}
	s.does(o)
}

func holdAndWake(s *site) string {
	s.work()
	n := s.opened()
	s.holds(n)
	s.holds(n) // again: the wake is set anew
	s.skipTime(n)
	s.happened(ticket.WorkflowID(n), enumspb.EVENT_TYPE_TIMER_FIRED, 1)
	s.does(s.command(n, ticket.Note, sato))
	s.does(s.command(n, ticket.Close, lead))
	s.ended(ticket.WorkflowID(n))
	return ticket.WorkflowID(n)
}

func (s *site) spams(n ticket.Number) {
	o := s.command(n, ticket.Resolve, sato)
	o.Params.Resolve = &ticket.ResolveParams{Category: ticket.CategorySpam}
	s.does(o)
}

func spamAndRestore(s *site) string {
	s.work()
	n := s.opened()
	s.holds(n)
	s.spams(n)
	s.does(s.mailed(n))
	s.does(s.command(n, ticket.Restore, lead))
	s.does(s.command(n, ticket.Close, lead))
	s.ended(ticket.WorkflowID(n))
	return ticket.WorkflowID(n)
}

func retention(s *site) string {
	s.work()
	n := s.opened()
	s.spams(n)
	s.skipTime(n)
	s.ended(ticket.WorkflowID(n))
	return ticket.WorkflowID(n)
}

func escalate(s *site) string {
	s.work()
	n := s.opened()
	for range 3 {
		s.does(s.command(n, ticket.Escalate, sato))
	}
	s.does(s.command(n, ticket.Close, lead))
	s.ended(ticket.WorkflowID(n))
	return ticket.WorkflowID(n)
}

func byHand(s *site) string {
	s.work()
	n := s.opened()
	for _, name := range []string{"hold", "escalate", "agent-response", "dance", "resolve"} {
		require.NoError(s.t, s.client.SignalWorkflow(s.ctx(), ticket.WorkflowID(n), "", name, struct{}{}))
		s.does(s.command(n, ticket.Note, sato))
	}
	require.NoError(s.t, s.client.SignalWorkflow(s.ctx(), ticket.WorkflowID(n), "", "hold", "junk"))
	require.NoError(s.t, s.client.SignalWorkflow(s.ctx(), ticket.WorkflowID(n), "", "close", nil))
	s.ended(ticket.WorkflowID(n))
	return ticket.WorkflowID(n)
}

func duplicates(s *site) string {
	s.work()
	n := s.opened()
	r := s.put(s.command(n, ticket.AgentResponse, sato))
	for range 3 {
		s.ring(r)
	}
	s.await(r)
	s.ring(r)
	require.NoError(s.t, s.bell.Ring(s.ctx(), n, ticket.SignalBell, ticket.Ring{}))
	s.does(s.command(n, ticket.Close, lead))
	s.ended(ticket.WorkflowID(n))
	return ticket.WorkflowID(n)
}

func batch(s *site) string {
	first := s.work()
	n := s.opened()
	first.stop()
	var last ticket.Receipt
	for _, k := range []ticket.Kind{ticket.Resolve, ticket.Escalate, ticket.Note, ticket.Hold, ticket.AgentResponse, ticket.Escalate} {
		last = s.put(s.command(n, k, sato))
		s.ring(last)
	}
	s.work()
	s.await(last)
	s.does(s.command(n, ticket.Close, lead))
	s.ended(ticket.WorkflowID(n))
	return ticket.WorkflowID(n)
}

func continued(s *site) string {
	s.work(func(c *crew) { c.ContinueAfter = 30 })
	n := s.opened()
	s.holds(n)
	for range 12 {
		s.does(s.command(n, ticket.Escalate, sato))
	}
	require.NoError(s.t, s.client.SignalWorkflow(s.ctx(), ticket.WorkflowID(n), "", "resolve", struct{}{}))
	s.does(s.command(n, ticket.Note, sato))
	s.does(s.command(n, ticket.Close, lead))
	s.ended(ticket.WorkflowID(n))
	return ticket.WorkflowID(n)
}

func patiently(s *site) string {
	d := &sick{}
	s.work(func(c *crew) { c.Wrap = func(inner activities.Desk) activities.Desk { d.Desk = inner; return d } })
	n := s.opened()
	d.set(true)
	s.does(s.command(n, ticket.AgentResponse, sato))
	d.set(false)
	s.does(s.command(n, ticket.Close, lead))
	s.ended(ticket.WorkflowID(n))
	return ticket.WorkflowID(n)
}

func cancelled(s *site) string {
	s.work()
	n := s.opened()
	require.NoError(s.t, s.client.CancelWorkflow(s.ctx(), ticket.WorkflowID(n), ""))
	s.ended(ticket.WorkflowID(n))
	return ticket.WorkflowID(n)
}

func cancelRefused(s *site) string {
	s.work()
	n := s.opened()
	s.spams(n)
	require.NoError(s.t, s.client.CancelWorkflow(s.ctx(), ticket.WorkflowID(n), ""))
	s.does(s.mailed(n))
	s.does(s.command(n, ticket.Restore, lead))
	s.does(s.command(n, ticket.Resolve, sato))
	s.does(s.command(n, ticket.Close, lead))
	s.ended(ticket.WorkflowID(n))
	return ticket.WorkflowID(n)
}

func wasReset(s *site) string {
	s.work()
	n := s.opened()
	require.NoError(s.t, s.client.SignalWorkflow(s.ctx(), ticket.WorkflowID(n), "", "hold", struct{}{}))
	s.does(s.command(n, ticket.AgentResponse, sato))
	s.reset(n)
	s.does(s.command(n, ticket.Close, lead))
	s.ended(ticket.WorkflowID(n))
	return ticket.WorkflowID(n)
}

func revivedFinal(s *site) string {
	s.work()
	n := s.opened()
	s.does(s.command(n, ticket.Close, lead))
	s.ended(ticket.WorkflowID(n))
	s.does(s.mailed(n))
	s.ended(ticket.WorkflowID(n))
	return ticket.WorkflowID(n)
}

func deliveryWithRetries(s *site) string {
	s.outside.answers = []answer{{refuse: true}, {state: "queued", reason: "450 4.2.0 yamada@client.example is busy"}}
	s.work()
	n := s.opened()
	id, _ := s.delivery(n, "acknowledge")
	s.ended(ticket.DeliveryWorkflowID(id))
	return ticket.DeliveryWorkflowID(id)
}

func deliveryUncertain(s *site) string {
	s.outside.answers = []answer{{state: "uncertain", reason: "the connection to mx.client.example was lost after DATA"}}
	s.work()
	n := s.opened()
	id, _ := s.delivery(n, "acknowledge")
	s.ended(ticket.DeliveryWorkflowID(id))
	return ticket.DeliveryWorkflowID(id)
}

func mailboxWatched(s *site) string {
	first := s.work()
	id := ticket.MailboxWorkflowID(s.mailbox())
	require.NoError(s.t, s.bell.StartMailbox(s.ctx(), s.mailbox()))
	s.outside.deliver("From: Yamada Taro <yamada@client.example>\r\nTo: support@desk.example\r\nMessage-ID: <a1@client.example>\r\nSubject: subject\r\n\r\nplaintext\r\n")
	require.NoError(s.t, s.outside.until(s.ctx(), func() bool { return len(s.outside.marked) == 1 }))
	first.stop() // the watch ends at once, and the workflow starts the next
	s.work()
	s.happened(id, enumspb.EVENT_TYPE_ACTIVITY_TASK_COMPLETED, 1)
	require.NoError(s.t, s.client.CancelWorkflow(s.ctx(), id, ""))
	return id
}
