package dispatch

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/operatorservice/v1"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"

	"duradesk/dispatch/temporaltest"
)

const month = 30 * 24 * time.Hour

func TestEnsureMakesANamespaceFitAndIsDoneOnce(t *testing.T) {
	t.Parallel()
	namespace := temporaltest.Namespace(t)
	c := temporaltest.Client(t, namespace)
	require.NoError(t, Ensure(t.Context(), c, namespace, month))
	have, err := c.OperatorService().ListSearchAttributes(t.Context(), &operatorservice.ListSearchAttributesRequest{Namespace: namespace})
	require.NoError(t, err)
	for name, want := range Attributes {
		require.Equal(t, want, have.GetCustomAttributes()[name], name)
	}
	require.Equal(t, month, retention(t, c, namespace))

	require.NoError(t, Ensure(t.Context(), c, namespace, month), "a second start finds it so")
	require.NoError(t, Ensure(t.Context(), c, namespace, time.Hour))
	require.Equal(t, month, retention(t, c, namespace), "nobody's histories are cut short")
}

func retention(t *testing.T, c client.Client, namespace string) time.Duration {
	t.Helper()
	d, err := c.WorkflowService().DescribeNamespace(t.Context(), &workflowservice.DescribeNamespaceRequest{Namespace: namespace})
	require.NoError(t, err)
	return d.GetConfig().GetWorkflowExecutionRetentionTtl().AsDuration()
}

func TestManyStartAtOnce(t *testing.T) {
	t.Parallel()
	namespace := temporaltest.Namespace(t)
	done := make(chan error)
	for range 4 {
		c := temporaltest.Client(t, namespace)
		go func() { done <- Ensure(t.Context(), c, namespace, month) }()
	}
	for range 4 {
		require.NoError(t, <-done)
	}
}

func TestEnsureRefusesAWrongTypeInOneSentence(t *testing.T) {
	t.Parallel()
	namespace := temporaltest.Namespace(t)
	c := temporaltest.Client(t, namespace)
	_, err := c.OperatorService().AddSearchAttributes(t.Context(), &operatorservice.AddSearchAttributesRequest{
		Namespace: namespace, SearchAttributes: map[string]enumspb.IndexedValueType{"Desk": enumspb.INDEXED_VALUE_TYPE_INT},
	})
	require.NoError(t, err)
	require.EqualError(t, Ensure(t.Context(), c, namespace, month),
		"namespace "+namespace+" has search attributes of another type (Desk is Int, must be Keyword): use another namespace, or remove them there")
	have, err := c.OperatorService().ListSearchAttributes(t.Context(), &operatorservice.ListSearchAttributesRequest{Namespace: namespace})
	require.NoError(t, err)
	require.Len(t, have.GetCustomAttributes(), 1, "nothing was added beside it")
}

func TestEnsureNamesTheNamespaceThatIsNotThere(t *testing.T) {
	t.Parallel()
	c := temporaltest.Client(t, temporaltest.Namespace(t))
	require.ErrorContains(t, Ensure(t.Context(), c, "nowhere", month), "nowhere")
}
