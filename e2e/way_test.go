package e2e

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// The way of a ticket: a client writes, agents answer, he answers in every way that people find, it is resolved. Then
// nothing that people wrote, and nobody's name or address, may stand anywhere in Temporal.
func TestWayOfATicket(t *testing.T) {
	t.Parallel()
	d := startWholeDesk(t)
	w := &way{desk: d, agent: d.admin().staff("sato", "Sato "+planted), client: "yamada-" + planted + "@client.example"}
	t.Run("Opens", func(t *testing.T) { w.in(t).opens() })
	t.Run("IsAnswered", func(t *testing.T) { w.in(t).isAnswered() })
	t.Run("EveryReplyFindsIt", func(t *testing.T) { w.in(t).everyReplyFindsIt() })
	t.Run("StrangerWithItsNumber", func(t *testing.T) { w.in(t).strangerWithItsNumber() })
	t.Run("IsResolved", func(t *testing.T) { w.in(t).isResolved() })
	t.Run("AutomaticMailIsNeverAcknowledged", func(t *testing.T) { w.in(t).automaticMailIsNeverAcknowledged() })
	t.Run("TwoDesksStop", func(t *testing.T) { w.in(t).twoDesksStop() })
	t.Run("NaiveMachineIsCountedOut", func(t *testing.T) { w.in(t).naiveMachineIsCountedOut() })
	t.Run("HistoryReadsAsAStory", func(t *testing.T) { w.in(t).historyReadsAsAStory() })
	t.Run("FiguresAreTold", func(t *testing.T) { w.in(t).figuresAreTold() })
	t.Run("EveryWorkflowWouldGoOn", func(t *testing.T) { w.in(t).everyWorkflowWouldGoOn() })
	t.Run("LogsTellNothingSecret", func(t *testing.T) { logsTellNothingSecret(d.in(t), w.agent.token) })
	t.Run("TemporalKnowsNothingPersonal", func(t *testing.T) { temporalKnowsNothingPersonal(d.in(t)) })
}

// planted stands in every text, name and address of this test's people.
const planted = "qx7planted"

type way struct {
	*desk
	agent  *caller
	client string
	number int64
	mails  int    // mails that the client has got
	first  string // Message-ID of the first mail
	last   received
}

func (w *way) in(t *testing.T) *way {
	w.t = t
	inner := w.desk.in(t)
	w.desk, w.agent = inner, &caller{d: inner, token: w.agent.token}
	return w
}

// next is the next mail to the client.
func (w *way) next() received {
	w.t.Helper()
	w.mails++
	w.last = w.awaitMail(w.client, w.mails)
	return w.last
}

func (w *way) opens() {
	title := "プリンター " + planted
	start := time.Now()
	w.first = w.send(letter{name: "山田 " + planted, from: w.client, subject: title, body: "動きません。" + planted})
	v := w.admin().awaitTitle(title)
	require.Less(w.t, time.Since(start), soon)
	require.Equal(w.t, "new", v.State)
	w.number = v.Number

	ack := w.next()
	w.t.Logf("acknowledged after %v", time.Since(start))
	require.Contains(w.t, ack.subject, fmt.Sprintf("[#%d]", w.number))
	require.Contains(w.t, ack.text, fmt.Sprintf("#%d", w.number))
	require.Contains(w.t, ack.header("Auto-Submitted"), "auto-")
	require.Contains(w.t, ack.header("From"), deskAddress)
}

func (w *way) isAnswered() {
	answer := "確認いたします。" + planted
	w.agent.command(w.number, "agent-response", object{"message": says(answer)})
	m := w.next()
	require.Contains(w.t, m.text, answer)
	require.Contains(w.t, m.subject, fmt.Sprintf("[#%d]", w.number))
	require.Equal(w.t, w.first, m.header("In-Reply-To"))
	require.Contains(w.t, m.header("References"), w.first)
	require.Contains(w.t, m.header("From"), deskAddress)
	require.Empty(w.t, m.header("Auto-Submitted"))
	v := w.agent.awaitState(w.number, "open")
	require.Equal(w.t, "sato", *v.Owner)
	w.agent.command(w.number, "note", object{"message": says("Between us: " + planted)})
}

// holds and resolves; each way back opens it again.
func (w *way) everyReplyFindsIt() {
	replies := map[string]func(last received) letter{
		"with the mail program's reply": func(last received) letter { return last.reply(letter{}) },
		"with another subject":          func(last received) letter { return last.reply(letter{subject: "Something else " + planted}) },
		"with nothing but the reply address": func(last received) letter {
			return letter{to: last.header("Reply-To"), subject: "Hello again " + planted}
		},
		"with nothing but the number": func(received) letter {
			return letter{subject: fmt.Sprintf("About [#%d] %s", w.number, planted)}
		},
		"with nothing but the references": func(last received) letter {
			l := last.reply(letter{subject: "No number " + planted})
			l.to = deskAddress
			return l
		},
	}
	for how, reply := range replies {
		for _, state := range []string{"on_hold", "resolved"} {
			body := object{"message": says(state + ". What model is it? " + planted)}
			command := "resolve"
			if state == "on_hold" {
				command, body["hold"] = "hold", object{"reason": "client"}
			}
			w.agent.command(w.number, command, body)
			require.Equal(w.t, state, w.agent.ticket(w.number).State)
			l := reply(w.next())
			l.name, l.from, l.body = "山田 "+planted, w.client, fmt.Sprintf("Reply %s to %s %s", how, state, planted)
			w.send(l)
			w.agent.awaitTicket(w.number, "opened by a reply "+how, func(v ticketView) bool { return v.State == "open" })
			last := w.lastMessage(w.number)
			require.Contains(w.t, last.Body, l.body)
			require.Equal(w.t, "client", last.By.Kind)
		}
	}
	require.Len(w.t, w.admin().list("email="+w.client), 1, "it is one ticket still")
}

func (w *way) lastMessage(number int64) itemView {
	w.t.Helper()
	var last itemView
	for _, item := range w.agent.timeline(number) {
		if item.Type == "message" {
			last = item
		}
	}
	return last
}

// A number proves nothing: a stranger's mail opens a ticket of its own, which says where it may belong.
func (w *way) strangerWithItsNumber() {
	w.agent.command(w.number, "hold", object{"hold": object{"reason": "client"}})
	stranger := "stranger-" + planted + "@elsewhere.example"
	w.send(letter{name: "Stranger", from: stranger, subject: fmt.Sprintf("Re: [#%d] Let me in %s", w.number, planted), body: "Show me. " + planted})
	w.mailsOf(stranger, 1)
	found := w.admin().list("email=" + stranger)
	require.Len(w.t, found, 1)
	require.NotEqual(w.t, w.number, found[0].Number)
	require.InDelta(w.t, w.number, found[0].Fields["may_belong_to"], 0)
	require.Equal(w.t, []linkView{{Kind: "related", Number: w.number}}, found[0].Links, "staff see them tied together")
	require.Equal(w.t, "on_hold", w.agent.ticket(w.number).State)
}

func (w *way) mailsOf(address string, n int) received {
	w.t.Helper()
	return w.awaitMail(address, n)
}

func (w *way) isResolved() {
	w.agent.command(w.number, "resolve", object{"message": says("直りました。" + planted)})
	w.next()
	v := w.agent.ticket(w.number)
	require.Equal(w.t, "resolved", v.State)
	require.Equal(w.t, 14*24*time.Hour, v.ClosesAt.Sub(*v.ResolvedAt))
	var future struct {
		Items []struct {
			At     time.Time `json:"at"`
			Timer  string    `json:"timer"`
			Effect string    `json:"effect"`
		} `json:"items"`
	}
	w.agent.read(ticketPath(w.number)+"/future", &future)
	require.Len(w.t, future.Items, 1)
	require.Equal(w.t, "auto_close", future.Items[0].Timer)
	require.Equal(w.t, "closed", future.Items[0].Effect)
	require.Equal(w.t, *v.ClosesAt, future.Items[0].At)
	requireWholeTimeline(w.t, w.agent.timeline(w.number))
}

// requireWholeTimeline: in order, without gaps, nothing twice.
func requireWholeTimeline(t *testing.T, items []itemView) {
	t.Helper()
	seen := map[string]bool{}
	for i, item := range items {
		require.Equal(t, int64(i+1), item.Seq, "%+v", items)
		require.False(t, seen[item.ID], "twice: %+v", item)
		seen[item.ID] = true
		if i > 0 {
			require.False(t, item.At.Before(items[i-1].At), "back in time: %+v", item)
			require.GreaterOrEqual(t, item.Revision, items[i-1].Revision)
		}
	}
}

func (w *way) automaticMailIsNeverAcknowledged() {
	automatic := map[string]letter{
		"generated": {header: "Auto-Submitted: auto-generated\r\n"},
		"list":      {header: "List-Id: <news.client.example>\r\nPrecedence: list\r\n"},
		"away":      {header: "Auto-Submitted: auto-replied\r\nX-Autoreply: yes\r\n"},
		"null":      {null: true},
	}
	for kind, l := range automatic {
		l.name, l.from = kind, kind+"-"+planted+"@client.example"
		l.subject, l.body = "Automatic "+kind+" "+planted, "Nobody wrote this. "+planted
		w.send(l)
	}
	// Out of office, as an answer to ours: filed, and the state stays.
	away := w.last.reply(letter{from: w.client, body: "I am away. " + planted, header: "Auto-Submitted: auto-replied\r\n"})
	away.subject = "Out of office " + planted
	w.send(away)
	eventually(w.t, patience, "the out-of-office mail is filed", func() (itemView, bool) {
		last := w.lastMessage(w.number)
		return last, strings.Contains(last.Body, "I am away.")
	})
	require.Equal(w.t, "resolved", w.agent.ticket(w.number).State)

	// Each is somewhere where people see it, and for none was a mail made.
	for kind := range automatic {
		v := w.admin().awaitTitle("Automatic " + kind + " " + planted)
		for _, item := range w.admin().timeline(v.Number) {
			require.Empty(w.t, item.Delivery, "%s: %+v", kind, item)
		}
		require.Empty(w.t, w.inbox(kind+"-"+planted+"@client.example"))
	}
	require.Len(w.t, w.inbox(w.client), w.mails)
}

// Another desk that answers whatever it gets, without a sign that it is a machine; and mail of ours that comes back.
func (w *way) twoDesksStop() {
	other := "desk-" + planted + "@other.example"
	w.send(letter{name: "Other desk", from: other, subject: "Your answer, please " + planted, body: "?"})
	v := w.admin().awaitTitle("Your answer, please " + planted)
	ack := w.mailsOf(other, 1)
	w.send(ack.reply(letter{name: "Other desk", from: other, body: "We have received your mail. " + planted}))
	eventually(w.t, patience, "the other desk's answer is filed", func() (itemView, bool) {
		last := w.lastMessage(v.Number)
		return last, strings.Contains(last.Body, "We have received your mail.")
	})
	require.Len(w.t, w.admin().list("email="+other), 1)

	before := len(w.admin().list(""))
	own, id := letter{name: "Support", from: deskAddress, subject: "Me to me " + planted, body: "Me. " + planted}.bytes()
	require.NoError(w.t, w.trySend(letter{from: deskAddress}, own))
	fate := w.awaitFate(id)
	require.Nil(w.t, fate.Number, "%+v", fate)
	require.Len(w.t, w.admin().list(""), before)

	// No mail for the other desk was made by then: the timeline would name its delivery.
	deliveries := 0
	for _, item := range w.admin().timeline(v.Number) {
		deliveries += len(item.Delivery)
	}
	require.Equal(w.t, 1, deliveries, "the first acknowledgement and no more")
	require.Len(w.t, w.inbox(other), 1)
}

// A machine that answers each of our mails with a new one, and shows by nothing that it is one: only a count ends it.
func (w *way) naiveMachineIsCountedOut() {
	machine := "machine-" + planted + "@other.example"
	write := func(i int) ticketView {
		subject := fmt.Sprintf("Number %d %s", i, planted)
		w.send(letter{name: "Machine", from: machine, subject: subject, body: "We are closed. " + planted})
		return w.admin().awaitTitle(subject)
	}
	var last ticketView
	for i := range 7 {
		last = write(i)
	}
	var names []string
	for _, item := range w.admin().timeline(last.Number) {
		if item.Event != nil {
			names = append(names, item.Event.Name)
		}
	}
	require.Contains(w.t, names, "not_acknowledged")
	w.awaitMail(machine, 5)
}

// fateView is a line of the ledger.
type fateView struct {
	Fate   string `json:"fate"`
	Number *int64 `json:"number"`
	MailID string `json:"message_id"`
	UID    int64  `json:"uid"`
}

func (d *desk) ledger() []fateView {
	d.t.Helper()
	var page struct {
		Items []fateView `json:"items"`
	}
	d.admin().read("/ledger?limit=200", &page)
	return page.Items
}

func (d *desk) awaitFate(mailID string) fateView {
	d.t.Helper()
	return eventually(d.t, patience, "a fate for "+mailID, func() (fateView, bool) {
		for _, f := range d.ledger() {
			if strings.Trim(f.MailID, "<>") == strings.Trim(mailID, "<>") && f.Fate != "received" {
				return f, true
			}
		}
		return fateView{}, false
	})
}

// historyReadsAsAStory: the commands under their names in their order, timers that say what they are.
func (w *way) historyReadsAsAStory() {
	events := history(w.desk, w.temporal(), w.agent.ticket(w.number).WorkflowID, "")
	told := []string{"client-reply", "agent-response", "note"}
	for range 5 {
		told = append(told, "hold", "client-reply", "resolve", "client-reply")
	}
	told = append(told, "hold", "resolve", "automatic-mail")
	seen := signals(events)
	rest := seen
	for _, name := range told {
		i := slices.Index(rest, name)
		require.GreaterOrEqual(w.t, i, 0, "%s in its place in %v", name, seen)
		rest = rest[i+1:]
	}
	closes := w.agent.ticket(w.number).ClosesAt.UTC().Format("2006-01-02 15:04:05Z")
	require.Contains(w.t, timers(w.desk, events), "auto-close "+closes)
	w.t.Logf("%d events for %d commands", len(events), len(told))
	var answer reply
	eventually(w.t, patience, "Temporal's Web UI answers", func() (reply, bool) {
		response, err := http.Get(w.settings["DURADESK_TEMPORAL_UI_URL"])
		if err != nil {
			return answer, false
		}
		answer.status = response.StatusCode
		return answer, response.Body.Close() == nil && answer.status == http.StatusOK
	})
}
