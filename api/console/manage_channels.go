package console

import (
	"net/http"
	"net/url"

	"duradesk/api/openapi"
)

func channelShelf() *shelf {
	return &shelf{
		key: "channels", group: "programs", icon: "split", see: person.Admin, make: person.Admin, edit: mayAdmin, path: "/channels", id: byKey, drop: true,
		one: func(v *visit, id string) (thing, error) { return v.oneAt("/channels/", id) },
		name: func(_ *visit, t thing) string {
			if t.text("name") != "" {
				return t.text("name")
			}
			return byKey(t)
		},
		columns: []string{"name", "key", "for_desk", "tells_to", "pending", "hook_state"},
		row: func(v *visit, t thing) []cell {
			to := cell{Text: t.text("url")}
			if to.Text == "" {
				to.Text = say(v.lang, "channels.by_mail")
			}
			name := t.text("name")
			if name == "" {
				name = byKey(t)
			}
			return []cell{{Text: name}, {Text: byKey(t), Code: true}, {Text: v.deskName(t)}, to, {Text: t.text("pending")}, v.onOff(t)}
		},
		form: channelForm,
		made: func(v *visit, s *shelf, answer thing) (bool, error) {
			return true, v.showOnce(s, answer.text("secret"), "once.channel")
		},
		beside: channelBeside,
	}
}

// onOff is whether a thing is switched on.
func (v *visit) onOff(t thing) cell {
	if t.at("enabled") != true {
		return cell{Text: say(v.lang, "keys.off"), Tone: "wait"}
	}
	return cell{Text: say(v.lang, "keys.on"), Tone: "good"}
}

func channelForm(v *visit, t thing) ([]section, error) {
	h, err := v.theHouse()
	if err != nil {
		return nil, err
	}
	kinds := v.opts("channel", "chat", "external")
	fields := []field{
		ask("name", oneLiner, quiet), ask("key", oneLiner, needed, called("channel_key")), ask("desk", pick, quiet, of(h.deskOptions()), called("for_desk")), ask("kind", pick, quiet, of(kinds), called("channel_kind")),
		ask("url", oneLiner, clears, called("tells_to")), ask("enabled", tick, from("1"), called("channel_enabled")), ask("verified", several, of(v.opts("proves", "email", "phone"))),
	}
	if t == nil {
		fields[4].Clears = false
	}
	fields[1].Fixed, fields[3].Fixed = t != nil, t != nil
	return []section{{Fields: fields}}, nil
}

// channelPart is where a program brings what clients say, and what it was told.
type channelPart struct {
	Key, Method, Address string
	OldUntil             *moment
	Rows                 []toldRow
	More                 string
}

type toldRow struct {
	At                              moment
	Ticket, Conversation, Kind, Why string
	State, Tone                     string
	Next                            *moment
}

var toldTones = map[openapi.ChannelDeliveryState]string{"accepted": "good", "failed": "bad", "uncertain": "bad", "queued": "wait", "attempted": "wait"}

func channelBeside(v *visit, t thing) (string, any, error) {
	var found openapi.ChannelDeliveryList
	q := url.Values{"limit": {"50"}}
	if from := v.r.URL.Query().Get("cursor"); from != "" {
		q.Set("cursor", from)
	}
	if err := v.get("/channels/"+url.PathEscape(byKey(t))+"/deliveries?"+q.Encode(), &found); err != nil {
		return "", nil, err
	}
	out := channelPart{Key: byKey(t), Method: http.MethodPost, Address: v.c.BaseURL + "/api/v1/inbound/" + url.PathEscape(byKey(t)), OldUntil: t.time(v, "old_secret_until")}
	for _, d := range found.Items {
		r := toldRow{
			At: v.moment(d.CreatedAt), Ticket: count(int(d.Ticket), false), Conversation: d.Conversation, Kind: sayOr(v.lang, "told."+d.Kind, d.Kind),
			State: say(v.lang, "told_state."+string(d.State)), Tone: toldTones[d.State], Why: deref(d.Reason),
		}
		if d.Attempts > 1 {
			r.Why = say(v.lang, "channels.attempts", "n", count(d.Attempts, false)) + " " + r.Why
		}
		if d.DoneAt == nil {
			r.Next = v.momentOf(d.NextAt)
		}
		out.Rows = append(out.Rows, r)
	}
	if found.NextCursor != nil {
		out.More = "?" + url.Values{"cursor": {*found.NextCursor}}.Encode()
	}
	return "channel-part", out, nil
}

func channelRoutes() []route {
	return []route{{pattern: "POST /-/channels/{key}/rotate", serve: (*visit).rotateChannel}}
}

func (v *visit) rotateChannel() error {
	var made thing
	if err := v.ask(http.MethodPost, "/channels/"+url.PathEscape(v.r.PathValue("key"))+"/rotate", map[string]any{}, &made); err != nil {
		return err
	}
	return v.showOnce(channelShelf(), made.text("secret"), "once.rotated")
}
