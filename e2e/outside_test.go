package e2e

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"duradesk/webhook"
)

// One desk, seen from outside: a program brings a conversation and is told the answer though the worker is killed in the
// middle, another is told of a ticket that a mail opened, two agents answer at once, many tickets get one command.
func TestADeskSeenFromOutside(t *testing.T) {
	t.Parallel()
	p := startPeer(t)
	d := startDeskWith(t, []string{
		"DURADESK_WEBHOOK_HOSTS=" + p.server.Listener.Addr().String(),
		"DURADESK_CRASH_AT=after_told", "DURADESK_CRASH_ONCE=" + filepath.Join(t.TempDir(), "crashed"),
	})
	o := &outside{desk: d, peer: p, sato: d.admin().staff("sato", "Sato"), mori: d.admin().staff("mori", "Mori"), room: "room-7"}
	o.begins()
	t.Run("AWebhookTellsOfAMail", func(t *testing.T) { o.in(t).aWebhookTellsOfAMail() })
	t.Run("ThePreviewIsTheMail", func(t *testing.T) { o.in(t).thePreviewIsTheMail() })
	t.Run("TwoAnswerAtOnce", func(t *testing.T) { o.in(t).twoAnswerAtOnce() })
	t.Run("OneCommandForTwenty", func(t *testing.T) { o.in(t).oneCommandForTwenty() })
	t.Run("AConversationIsAnswered", func(t *testing.T) { o.in(t).aConversationIsAnswered() })
}

type outside struct {
	*desk
	peer           *peer
	sato, mori     *caller
	secret, room   string
	number, mailed int64
}

func (o *outside) in(t *testing.T) *outside {
	o.t = t
	o.desk = o.desk.in(t)
	o.sato, o.mori = &caller{d: o.desk, token: o.sato.token}, &caller{d: o.desk, token: o.mori.token}
	return o
}

// peer is a program outside: it checks what it gets, and keeps each id once.
type peer struct {
	server *httptest.Server

	mu       sync.Mutex
	secrets  map[string]string // by path
	got      map[string][]told // by path, each id once
	repeated int
	wrong    []string
	hints    map[int64]int // of the stream, by ticket
	views    int
}

type told struct {
	id   string
	raw  string
	body map[string]any
}

func startPeer(t *testing.T) *peer {
	t.Helper()
	p := &peer{secrets: map[string]string{}, got: map[string][]told{}, hints: map[int64]int{}}
	p.server = httptest.NewServer(p)
	t.Cleanup(p.server.Close)
	return p
}

func (p *peer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	raw, err := io.ReadAll(r.Body)
	p.mu.Lock()
	defer p.mu.Unlock()
	id := r.Header.Get(webhook.HeaderID)
	if err == nil {
		err = webhook.Verify([]string{p.secrets[r.URL.Path]}, id, r.Header.Get(webhook.HeaderTimestamp), r.Header.Get(webhook.HeaderSignature), raw, time.Now())
	}
	one := told{id: id, raw: string(raw)}
	if err == nil {
		err = json.Unmarshal(raw, &one.body)
	}
	if err != nil {
		p.wrong = append(p.wrong, err.Error())
		w.WriteHeader(http.StatusUnauthorized)
		return
	}
	if i := slices.IndexFunc(p.got[r.URL.Path], func(k told) bool { return k.id == id }); i >= 0 {
		p.repeated++
		if p.got[r.URL.Path][i].raw != one.raw {
			p.wrong = append(p.wrong, "another body under the id "+id)
		}
		return
	}
	p.got[r.URL.Path] = append(p.got[r.URL.Path], one)
}

// heard is what came to a path so far.
func (p *peer) heard(path string) []told {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.got[path])
}

func (p *peer) hinted(number int64) int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.hints[number]
}

func (p *peer) counted() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.views
}

// make asks for something that has a secret.
func (o *outside) make(path string, body object) string {
	o.t.Helper()
	r := o.admin().call(http.MethodPost, path, body)
	require.Equal(o.t, http.StatusCreated, r.status, r)
	var made struct{ Secret string }
	require.NoError(o.t, json.Unmarshal(r.body, &made))
	return made.Secret
}

// bring says something in a conversation, as the program at the channel does.
func (o *outside) bring(id, room, text string) int64 {
	o.t.Helper()
	raw, err := json.Marshal(object{"id": id, "conversation": room, "sender": object{"id": "U1", "name": "山田"}, "text": text})
	require.NoError(o.t, err)
	now := time.Now()
	signature, err := webhook.Sign([]string{o.secret}, id, now, raw)
	require.NoError(o.t, err)
	request, err := http.NewRequestWithContext(o.t.Context(), http.MethodPost, "http://"+o.settings["DURADESK_HTTP_ADDR"]+"/api/v1/inbound/line", strings.NewReader(string(raw)))
	require.NoError(o.t, err)
	for name, v := range map[string]string{"Content-Type": "application/json", webhook.HeaderID: id, webhook.HeaderTimestamp: strconv.FormatInt(now.Unix(), 10), webhook.HeaderSignature: signature} {
		request.Header.Set(name, v)
	}
	response, err := web.Do(request)
	require.NoError(o.t, err)
	defer func() { _ = response.Body.Close() }()
	answer, err := io.ReadAll(response.Body)
	require.NoError(o.t, err)
	require.Equal(o.t, http.StatusAccepted, response.StatusCode, string(answer))
	var taken struct{ Ticket int64 }
	require.NoError(o.t, json.Unmarshal(answer, &taken))
	return taken.Ticket
}

// begins makes both ways out and the conversation: the worker is killed when it has told the first word of it.
func (o *outside) begins() {
	url := o.peer.server.URL
	o.secret = o.make("/channels", object{"key": "line", "desk": "support", "kind": "chat", "url": url + "/answers"})
	hook := o.make("/webhooks", object{"url": url + "/events", "events": []string{"ticket.created"}})
	o.peer.mu.Lock()
	o.peer.secrets["/answers"], o.peer.secrets["/events"] = o.secret, hook
	o.peer.mu.Unlock()
	o.listen()
	o.number = o.bring("m-1", o.room, "プリンターが動きません。")
	require.Equal(o.t, o.number, o.bring("m-1", o.room, "プリンターが動きません。"), "the same again")
	require.Equal(o.t, o.number, o.bring("m-2", o.room, "昨日からです。"))
}

// listen follows the stream of hints until the test is over.
func (o *outside) listen() {
	o.t.Helper()
	ctx, stop := context.WithCancel(o.t.Context())
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+o.settings["DURADESK_HTTP_ADDR"]+"/api/v1/stream", nil)
	require.NoError(o.t, err)
	request.Header.Set("Authorization", "Bearer "+o.admin().token)
	response, err := (&http.Client{}).Do(request)
	require.NoError(o.t, err)
	require.Equal(o.t, http.StatusOK, response.StatusCode)
	done := make(chan struct{})
	o.t.Cleanup(func() { stop(); <-done })
	go func() {
		defer close(done)
		defer func() { _ = response.Body.Close() }()
		event := ""
		for lines := bufio.NewScanner(response.Body); lines.Scan(); {
			if name, ok := strings.CutPrefix(lines.Text(), "event: "); ok {
				event = name
			}
			var hint struct{ Number int64 }
			if data, ok := strings.CutPrefix(lines.Text(), "data: "); ok && json.Unmarshal([]byte(data), &hint) == nil {
				o.peer.mu.Lock()
				switch event {
				case "views":
					o.peer.views++
				case "ticket":
					o.peer.hints[hint.Number]++
				}
				o.peer.mu.Unlock()
			}
		}
	}()
}

func (o *outside) aWebhookTellsOfAMail() {
	o.send(letter{name: "Yamada", from: "yamada@client.example", subject: "Toner", body: "It is empty."})
	o.mailed = o.admin().awaitTitle("Toner").Number
	eventually(o.t, patience, "a webhook of the ticket", func() (int, bool) {
		all := o.peer.heard("/events")
		return len(all), slices.ContainsFunc(all, func(e told) bool {
			about, _ := e.body["ticket"].(map[string]any)
			return e.body["type"] == "ticket.created" && about["number"] == float64(o.mailed)
		})
	})
	o.awaitMail("yamada@client.example", 1)
}

func (o *outside) thePreviewIsTheMail() {
	message := says("Please **replace** it.\n\n- open the lid\n- 新しいトナー")
	r := o.sato.call(http.MethodPost, ticketPath(o.mailed)+"/preview", object{"command": "agent-response", "message": message})
	require.Equal(o.t, http.StatusOK, r.status, r)
	var shown struct {
		Mail struct {
			Subject, Text string
			To            []string
		}
	}
	require.NoError(o.t, json.Unmarshal(r.body, &shown))
	o.sato.command(o.mailed, "agent-response", object{"message": message})
	m := o.awaitMail("yamada@client.example", 2)
	require.Equal(o.t, shown.Mail.Subject, m.subject)
	require.Equal(o.t, plainLines(shown.Mail.Text), plainLines(m.text))
	require.Equal(o.t, []string{"yamada@client.example"}, shown.Mail.To)
}

func plainLines(text string) string {
	return strings.TrimSpace(strings.ReplaceAll(text, "\r\n", "\n"))
}

func (o *outside) twoAnswerAtOnce() {
	seen := o.sato.ticket(o.mailed).Revision
	replies := make([]reply, 2)
	texts := []string{"It is on its way.", "A colleague comes tomorrow."}
	var both sync.WaitGroup
	for i, agent := range []*caller{o.sato, o.mori} {
		both.Go(func() {
			replies[i], _ = agent.try(o.t.Context(), http.MethodPost, ticketPath(o.mailed)+"/agent-response", object{"id": fmt.Sprint("at-once-", i), "seen_revision": seen, "message": says(texts[i])})
		})
	}
	both.Wait()
	won := slices.IndexFunc(replies, func(r reply) bool { return r.status == http.StatusOK })
	require.GreaterOrEqual(o.t, won, 0, replies)
	require.Equal(o.t, "applied", replies[won].receipt(o.desk).Outcome)
	lost := 1 - won
	require.Equal(o.t, http.StatusConflict, replies[lost].status, replies[lost])
	stale := replies[lost].problem(o.desk)
	require.Equal(o.t, "/problems/stale", stale.Type)
	require.Len(o.t, stale.Unseen, 1)
	require.Equal(o.t, texts[won], stale.Unseen[0].Body)
	require.NotEmpty(o.t, stale.DraftID)
	loser := []*caller{o.sato, o.mori}[lost]
	require.Contains(o.t, loser.call(http.MethodGet, ticketPath(o.mailed)+"/drafts", nil).String(), texts[lost], "his words are kept")
	o.awaitMail("yamada@client.example", 3)
}

func (o *outside) oneCommandForTwenty() {
	var numbers []int64
	for i := range 20 {
		numbers = append(numbers, o.sato.newTicket(fmt.Sprintf("many %d", i), "many@client.example"))
	}
	before := map[int64]int{}
	for _, n := range numbers {
		before[n] = o.peer.hinted(n)
	}
	r := o.sato.call(http.MethodPost, "/bulk", object{"command": "classify", "params": object{"classify": object{"tags": []string{"many"}}}, "selection": object{"numbers": numbers}})
	require.Equal(o.t, http.StatusAccepted, r.status, r)
	type jobView struct {
		ID, State string
		Total     int
		Counts    map[string]int
		Items     []struct {
			Number  int64
			Outcome string
			Receipt *string
		}
	}
	var job jobView
	require.NoError(o.t, json.Unmarshal(r.body, &job))
	job = eventually(o.t, patience, "the job is done", func() (jobView, bool) {
		var now jobView
		o.sato.read("/bulk/"+job.ID+"?limit=200", &now)
		return now, now.State == "done" && now.Counts["applied"] == len(numbers)
	})
	require.Equal(o.t, len(numbers), job.Total)
	require.Len(o.t, job.Items, len(numbers))
	for _, item := range job.Items {
		require.NotNil(o.t, item.Receipt)
		require.Equal(o.t, "applied", o.sato.awaitReceipt(*item.Receipt).Outcome)
	}
	require.Len(o.t, o.sato.list("tag=many"), len(numbers))
	eventually(o.t, patience, "a hint for each ticket", func() (int, bool) {
		told := 0
		for _, n := range numbers {
			if o.peer.hinted(n) > before[n] {
				told++
			}
		}
		return told, told == len(numbers)
	})
}

func (o *outside) aConversationIsAnswered() {
	answer := "紙を **お入れください**。"
	o.sato.command(o.number, "agent-response", object{"message": says(answer)})
	o.sato.command(o.number, "resolve", object{"message": says("直りましたら幸いです。")})
	all := eventually(o.t, patience, "the conversation hears three words", func() ([]told, bool) {
		all := o.peer.heard("/answers")
		return all, len(all) == 3
	})
	for i, kind := range []string{"acknowledge", "answer", "final"} {
		said, _ := all[i].body["message"].(map[string]any)
		require.Equal(o.t, kind, said["kind"], "in order")
		require.Equal(o.t, o.room, all[i].body["conversation"])
		require.Equal(o.t, all[i].id, all[i].body["id"])
	}
	said, _ := all[1].body["message"].(map[string]any)
	require.Equal(o.t, answer, said["markdown"])
	require.NotContains(o.t, said["text"], "**")
	require.Contains(o.t, said["html"], "<strong>お入れください</strong>")
	hints := o.peer.hinted(o.number)
	require.Positive(o.t, hints)
	require.Positive(o.t, o.peer.counted(), "counts of views may have changed")

	items := eventually(o.t, patience, "each word was accepted", func() ([]deliveryView, bool) {
		var found []deliveryView
		for _, item := range o.sato.timeline(o.number) {
			found = append(found, item.Delivery...)
		}
		return found, len(found) == 3 && !slices.ContainsFunc(found, func(v deliveryView) bool { return v.State != "accepted" })
	})
	for _, one := range items {
		require.Equal(o.t, "line", one.Channel)
		require.Equal(o.t, "line/U1", one.Recipient)
	}
	require.Equal(o.t, 2, items[0].Attempts, "the worker died when it had told the first word")
	require.Contains(o.t, lines(o.desk, o.record(), `select number::text from tickets where channel = 'chat'`), strconv.FormatInt(o.number, 10))
	require.Len(o.t, o.sato.list("channel=chat"), 1)

	// He writes once more, and it is one ticket, with nothing mailed.
	require.Equal(o.t, o.number, o.bring("m-3", o.room, "ありがとうございました。"))
	o.sato.awaitState(o.number, "open")
	require.Zero(o.t, count(o.desk, o.record(), fmt.Sprintf(`select count(*) from deliveries where ticket = %d and channel is null and agent is null`, o.number)))
	o.peer.mu.Lock()
	defer o.peer.mu.Unlock()
	require.Empty(o.t, o.peer.wrong)
	require.Equal(o.t, 1, o.peer.repeated, "told again under its id after the worker's death, and nothing else twice")
}
