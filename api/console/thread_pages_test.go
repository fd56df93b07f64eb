package console

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"

	"duradesk/api/openapi"
)

// TestTheEndOfALongThreadStaysJoinedToWhatWasLoadedBeforeIt: who loaded older lines keeps seeing all from there on,
// however much is added at the end.
func TestTheEndOfALongThreadStaysJoinedToWhatWasLoadedBeforeIt(t *testing.T) {
	t.Parallel()
	all := 0
	api := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Query().Get("newest") != "true" {
			http.Error(w, "the newest are not asked for", http.StatusBadRequest)
			return
		}
		last := all
		if cursor := r.URL.Query().Get("cursor"); cursor != "" {
			before, err := strconv.Atoi(cursor)
			if err != nil {
				http.Error(w, err.Error(), http.StatusBadRequest)
				return
			}
			last = before - 1
		}
		var page openapi.Timeline
		first := max(1, last-199)
		for seq := first; seq <= last; seq++ {
			page.Items = append(page.Items, openapi.TimelineItem{Seq: int64(seq)})
		}
		if first > 1 {
			next := strconv.Itoa(first)
			page.NextCursor = &next
		}
		_ = json.NewEncoder(w).Encode(page) // who reads it says what is wrong
	})
	v := &visit{c: &console{Options: Options{API: api}}, r: httptest.NewRequest(http.MethodGet, "/", nil)}
	shown := func(from string) (first, last int64) {
		said, err := v.thread("/tickets/1", from)
		require.NoError(t, err)
		require.NotEmpty(t, said.Items)
		for i, item := range said.Items {
			require.Equal(t, said.Items[0].Seq+int64(i), item.Seq, "no line is left out or stands twice")
		}
		return said.Items[0].Seq, said.Items[len(said.Items)-1].Seq
	}
	for _, c := range []struct {
		all         int
		from        string
		first, last int64
	}{
		{3, "", 1, 3},
		{200, "", 1, 200},
		{450, "", 251, 450},
		{450, "251", 251, 450},
		{460, "251", 251, 460}, // ten were added
		{900, "251", 251, 900},
		{460, "1", 1, 460},
		{460, "no number", 261, 460},
	} {
		all = c.all
		first, last := shown(c.from)
		require.Equal(t, []int64{c.first, c.last}, []int64{first, last}, c)
	}
}

func TestAChosenSelectionAndAllThatAListFinds(t *testing.T) {
	t.Parallel()
	api := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_ = json.NewEncoder(w).Encode(openapi.View{Key: "view-1", Q: "tag:vip or(state:open)", Sort: "created"})
	})
	chosen := func(at place, form url.Values) map[string]any {
		v := &visit{c: &console{Options: Options{API: api}}, r: httptest.NewRequest(http.MethodPost, "/", nil), lang: "en"}
		v.r.PostForm = form
		out, err := v.selection(at)
		require.NoError(t, err)
		return out
	}
	whole := url.Values{"all": {"1"}}
	require.Equal(t, map[string]any{"numbers": []int64{7, 9}}, chosen(place{View: "all"}, url.Values{"numbers": {"7 9"}}))
	require.Equal(t, map[string]any{"numbers": []int64{}}, chosen(place{View: "all"}, url.Values{}), "nothing is never everything")
	require.Equal(t, map[string]any{"view": "mine_open", "q": "紙"}, chosen(place{View: "mine_open", Q: "紙"}, whole))
	require.Equal(t, map[string]any{"view": "mine_open"}, chosen(place{View: "mine_open"}, whole))
	require.Equal(t, map[string]any{"q": "tag:vip or(state:open)"}, chosen(place{View: "view-1"}, whole))
	require.Equal(t, map[string]any{"q": "(tag:vip or(state:open)) (紙)"}, chosen(place{View: "view-1", Q: "紙"}, whole))
}
