package activities

import (
	"context"
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"duradesk/ticket"
)

// bridge is a program at the other end of a channel.
type bridge struct {
	answer Posted
	got    []byte
	id     string
	calls  int
}

func (b *bridge) Post(_ context.Context, _, id string, _ []ticket.Secret, body []byte) Posted {
	b.calls++
	b.id, b.got = id, body
	return b.answer
}

func spokenAnswer() *post {
	p := answer()
	p.attempt.Recipients = []string{"line/U1"}
	p.attempt.Mail.MailID, p.attempt.Mail.Channel, p.attempt.Mail.Client = "msg_"+deliveryID, "line", "Yuki"
	p.attempt.Mail.Files = []ticket.NewFile{{Name: "a.txt", Type: "text/plain", Data: []byte("hello")}}
	p.attempt.Channel = &ticket.ChannelTarget{Key: "line", URL: "https://bridge.example/"}
	p.attempt.Said = ticket.ChannelMessage{Channel: "line", Conversation: "room", Person: "U1", Message: "m-1"}
	return p
}

// tellOnce runs the activity once against the bridge.
func tellOnce(t *testing.T, p *post, b *bridge, now time.Time) {
	t.Helper()
	d := p.hands(now)
	d.Poster = b
	d.Say = func(lang, key string, args map[string]string) string { return lang + " " + key + " " + args["number"] }
	_, err := run(d.Send, NameSend, deliveryID)
	require.NoError(t, err)
}

func TestAChannelIsToldTheWordsAloneUnderOneID(t *testing.T) {
	t.Parallel()
	p, b := spokenAnswer(), &bridge{}
	tellOnce(t, p, b, noon)
	require.Equal(t, []string{"begin 1", "freeze", "mark 1", "after_told", "finish 1"}, p.steps)
	require.Equal(t, []ticket.End{{Address: "line/U1", State: "accepted"}}, p.ends)
	require.Equal(t, "msg_"+deliveryID, b.id)
	var body map[string]any
	require.NoError(t, json.Unmarshal(b.got, &body))
	require.Equal(t, map[string]any{
		"type": "message", "id": "msg_" + deliveryID, "channel": "line", "conversation": "room", "to": map[string]any{"id": "U1", "name": "Yuki"}, "ticket": 1042.0, "at": noon.UTC().Format(time.RFC3339),
		"message": map[string]any{
			"id": "m-1", "kind": "answer", "automatic": false, "by": "Sato", "text": "Please restart it.\n", "markdown": "Please **restart** it.", "html": "<p>Please <strong>restart</strong> it.</p>\n",
			"attachments": []any{map[string]any{"name": "a.txt", "type": "text/plain", "size": 5.0, "data": "aGVsbG8="}},
		},
	}, body)

	p = spokenAnswer()
	p.attempt.No, p.attempt.Raw = 2, []byte("frozen")
	tellOnce(t, p, b, noon)
	require.Equal(t, "frozen", string(b.got), "every byte as before")

	p = spokenAnswer()
	p.attempt.Mail.Occasion, p.attempt.Mail.Body, p.attempt.Mail.Files = "acknowledge", "", nil
	tellOnce(t, p, b, noon)
	require.Contains(t, string(b.got), `"automatic":true,"by":"Support","text":"en channel.acknowledge 1042"`)
}

func TestHowTellingAChannelEnds(t *testing.T) {
	t.Parallel()
	old := noon.Add(80 * time.Hour)
	for name, c := range map[string]struct {
		answer   Posted
		doubtful bool
		at       time.Time
		state    string
		doubt    bool
		later    time.Duration
	}{
		"refused for good":                  {Posted{Status: 422, Error: "answered 422"}, false, noon, "failed", false, 0},
		"refused for good after a doubt":    {Posted{Status: 410, Error: "answered 410"}, true, noon, "failed", false, 0},
		"busy":                              {Posted{Status: 503, Error: "answered 503"}, false, noon, "queued", false, 5 * time.Second},
		"busy for long":                     {Posted{Status: 429, Error: "answered 429", Wait: time.Hour}, false, noon, "queued", false, time.Hour},
		"nobody answers":                    {Posted{Error: "no answer in time", Unanswered: true}, false, noon, "queued", true, 5 * time.Second},
		"given up":                          {Posted{Error: "nobody listens there"}, false, old, "failed", false, 0},
		"given up without an answer":        {Posted{Error: "no answer in time", Unanswered: true}, false, old, "uncertain", true, 0},
		"given up after one without answer": {Posted{Status: 500, Error: "answered 500"}, true, old, "uncertain", false, 0},
	} {
		p := spokenAnswer()
		p.attempt.Channel.Doubtful = c.doubtful
		tellOnce(t, p, &bridge{answer: c.answer}, c.at)
		require.Len(t, p.ends, 1, name)
		require.Equal(t, c.state, p.ends[0].State, name)
		require.Equal(t, c.doubt, p.ends[0].Doubt, name)
		if c.later > 0 {
			require.Equal(t, c.at.Add(c.later), p.retry, name)
		}
	}
}

func TestAChannelThatIsOffWaitsAndOneThatIsGoneFails(t *testing.T) {
	t.Parallel()
	p, b := spokenAnswer(), &bridge{}
	p.attempt.Channel.Off = true
	tellOnce(t, p, b, noon)
	require.Equal(t, "queued", p.ends[0].State)
	p = spokenAnswer()
	p.attempt.Channel.Removed = true
	tellOnce(t, p, b, noon)
	require.Equal(t, "failed", p.ends[0].State)
	require.Zero(t, b.calls)
	p = spokenAnswer()
	p.mark = ticket.ErrOvertaken
	d := p.hands(noon)
	d.Poster = b
	_, err := d.attempt(t.Context(), deliveryID, p.attempt)
	require.ErrorIs(t, err, ticket.ErrOvertaken)
	require.Zero(t, b.calls, "another attempt has begun")
}
