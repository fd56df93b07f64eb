package api

import (
	"maps"
	"regexp"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"duradesk/calendar"
	"duradesk/lifecycle"
	"duradesk/ticket"
)

var placeholder = regexp.MustCompile(`\{[a-z_]+\}`)

func TestCatalogsAreEqual(t *testing.T) {
	t.Parallel()
	all := theTexts()
	en := all["en"]
	for _, lang := range languages {
		require.ElementsMatch(t, slices.Collect(maps.Keys(en)), slices.Collect(maps.Keys(all[lang])), lang)
		for key, text := range all[lang] {
			require.NotEmpty(t, text, key)
			require.ElementsMatch(t, placeholder.FindAllString(en[key], -1), placeholder.FindAllString(text, -1), "%s %s", lang, key)
			if lang == "ja" {
				require.Regexp(t, `[\p{Hiragana}\p{Katakana}\p{Han}]`, text, key)
			}
		}
	}
}

func TestEverythingSaidIsInTheCatalogs(t *testing.T) {
	t.Parallel()
	said := theTexts()
	for k := range statusOf {
		for _, part := range []string{"title.", "detail.", "about."} {
			require.True(t, said.has(part+string(k)), part+string(k))
		}
	}
	for _, reason := range lifecycle.Reasons() {
		require.True(t, said.has("reason."+reason), reason)
	}
	for _, key := range Views {
		require.True(t, said.has("view."+key), key)
	}
	for _, k := range ticket.ClockKinds() {
		require.True(t, said.has("future."+k.String()), k)
		if k.Warns() != ticket.NoKind {
			require.True(t, said.has("future."+k.String()+"_warned"), k)
		}
	}
	for _, name := range lifecycle.EventNames() {
		require.True(t, said.has("event."+name), name)
	}
	for _, s := range ticket.States() {
		require.True(t, said.has("state."+s.String()), "state."+s.String())
	}
	for _, h := range ticket.HoldReasons() {
		require.True(t, said.has("hold."+h.String()), "hold."+h.String())
	}
	for _, to := range []lifecycle.Audience{lifecycle.ToOwner, lifecycle.ToGroup, lifecycle.ToLeads} {
		require.True(t, said.has("audience."+string(to)), to)
	}
	for _, why := range []calendar.Reason{
		calendar.Counted, calendar.ClosedHours, calendar.Weekend, calendar.DayOff, calendar.OnHoliday, calendar.Closure, calendar.Exceptional,
		calendar.ClockChange, standing, startDay, workingDay, wallClock, byHand,
	} {
		require.True(t, said.has("calendar."+string(why)), why)
	}
}

func TestLanguageOfTheAnswer(t *testing.T) {
	t.Parallel()
	f, door := fresh(t)
	sato, lead := f.tokenOf(t, "sato", scopeRead), f.tokenOf(t, "lead", scopeRead) // sato reads Japanese
	for _, c := range []struct{ token, header, want string }{
		{sato, "", "ja"},
		{lead, "", "en"},
		{sato, "en", "en"},
		{lead, "ja", "ja"},
		{lead, "ja-JP,ja;q=0.9,en;q=0.8", "ja"},
		{lead, "en-GB", "en"},
		{sato, "de", "ja"},
		{lead, "de, ja;q=0.1", "ja"},
		{lead, "\x00;;q", "en"},
		{"", "", "en"},
		{"", "ja", "ja"},
	} {
		r := call(t, door, c.token, "GET", "/api/v1/tickets/9999", "", "Accept-Language", c.header)
		require.Equal(t, c.want, r.Header.Get("Content-Language"), c)
		status := kind("not-found")
		if c.token == "" {
			status = "unauthorized"
		}
		require.Equal(t, theTexts()[c.want]["title."+string(status)], r.at("title"))
	}
	r := call(t, door, sato, "GET", "/api/v1/tickets/1042", "")
	require.NotContains(t, string(r.raw), `"restore"`, "sato may not restore")
	require.Contains(t, r.at("allowed"), map[string]any{"command": "recall", "reason": "not_handed_over", "reason_text": "このチケットは移管されていません。"})
	r = call(t, door, sato, "GET", "/api/v1/tickets/1045", "")
	require.Contains(t, r.at("allowed"), map[string]any{"command": "hold", "reason": "closed_use_follow_up", "reason_text": "このチケットは完了しています。関連チケットを作成してください。"})
	require.Equal(t, "すべて", call(t, door, sato, "GET", "/api/v1/views", "").at("items", 0, "name"))
}
