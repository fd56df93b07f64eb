package api

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestAListOffersForEachTicketWhatTheTicketOffers: what is said for many tickets at once is what is said for each alone, to
// whoever asks, in his language.
func TestAListOffersForEachTicketWhatTheTicketOffers(t *testing.T) {
	t.Parallel()
	f, door := fresh(t)
	call(t, door, bootstrap, "POST", "/api/v1/tickets/1042/resolve", "").is(t, 200)
	call(t, door, bootstrap, "POST", "/api/v1/tickets/1043/hold", `{"hold":{"reason":"internal"}}`).is(t, 200)
	call(t, door, bootstrap, "POST", "/api/v1/tickets/1045/close", "").is(t, 200)
	client := f.clientToken(t, "c_01", scopeRead, scopeReply)
	c := f.clients["c_01"]
	c.Access = string(full)
	f.clients["c_01"] = c
	different := map[string]bool{}
	for _, token := range []string{bootstrap, f.tokenOf(t, "sato", scopeRead), f.tokenOf(t, "lead", scopeRead), client} {
		for _, lang := range []string{"en", "ja"} {
			list := call(t, door, token, "GET", "/api/v1/tickets", "", "Accept-Language", lang)
			list.is(t, 200)
			items, _ := list.at("items").([]any)
			require.NotEmpty(t, items)
			for i := range items {
				one := call(t, door, token, "GET", fmt.Sprintf("/api/v1/tickets/%.0f", list.at("items", i, "number")), "", "Accept-Language", lang)
				one.is(t, 200)
				require.Equal(t, one.at("allowed"), list.at("items", i, "allowed"))
				different[fmt.Sprint(one.at("allowed"))] = true
			}
		}
	}
	require.Greater(t, len(different), 8, "tickets that all offer the same would prove little")
}
