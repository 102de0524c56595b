using System.Runtime.InteropServices;

namespace Optimizers.Engine;

/// <summary>
/// Makes a matrix nearly orthogonal with products of matrices only: its singular values become close to 1, and its singular vectors
/// stay the same. The input is the matrix in the workspace of a tensor, and the result replaces it.
/// </summary>
/// <param name="steps">The number of iterations, each with a polynomial of degree five.</param>
/// <param name="epsilon">The lower bound for the norm that the matrix is divided by.</param>
internal sealed class NewtonSchulz(int steps, double epsilon) : IMatrixDefinition
{
    public void Check(in TensorShape shape, string name)
    {
        if (shape.Order != 2)
        {
            throw new ArgumentException(
                $"{nameof(Muon)} needs two dimensions, but {name} has {shape.Order}. Use another optimizer for this parameter, such as {nameof(AdamW)}.",
                nameof(shape));
        }
    }

    public bool KeepsElements => true;

    public nuint SharedWorkspaceFor(in TensorShape shape) => RoomFor(shape) * sizeof(float);

    public MatrixWork NewWork() => new Work(steps, epsilon);

    // Three matrices of the shape of the tensor, and two square matrices of the size of its shorter side.
    private static nuint RoomFor(in TensorShape shape)
    {
        nuint shorter = (nuint)Math.Min(shape.Rows, shape.Columns);
        return (3 * (nuint)shape.Length) + (2 * shorter * shorter);
    }

    private sealed unsafe class Work(int steps, double epsilon) : MatrixWork
    {
        // Jordan et al. 2024: the polynomial is steepest at 0, and stays within 0.3 of 1 elsewhere.
        private const float First = 3.4445f;
        private const float Third = -4.7750f;
        private const float Fifth = 2.0315f;

        private readonly MatrixProduct _product = new();
        private float[] _memory = [];

        public override void After(in TensorJob job, in MeasuredSums sums, ITaskRunner runner)
        {
            TensorShape shape = job.Shape;
            if (shape.Length == 0)
            {
                return;
            }

            // The square matrices have the size of the shorter side.
            bool isTall = shape.Rows > shape.Columns;
            int rows = Math.Min(shape.Rows, shape.Columns);
            int columns = Math.Max(shape.Rows, shape.Columns);
            nint whole = shape.Length;
            nint square = (nint)rows * rows;
            nuint room = RoomFor(shape);
            if ((nuint)_memory.Length < room)
            {
                _memory = GC.AllocateUninitializedArray<float>(checked((int)room), pinned: true);
            }

            float* x = (float*)Unsafe.AsPointer(ref MemoryMarshal.GetArrayDataReference(_memory));
            float* next = x + whole;
            float* transposed = next + whole;
            float* gram = transposed + whole;
            float* polynomial = gram + square;
            float* matrix = job.Addresses.Slots.Between;

            // A zero matrix stays zero, whatever the divisor is.
            double norm = Math.Max(Math.Sqrt(sums.First), epsilon);
            double scale = norm == 0 ? 0 : 1 / norm;
            for (nint i = 0; i < whole; i++)
            {
                transposed[i] = (float)(matrix[i] * scale);
            }

            if (isTall)
            {
                MatrixProduct.Transpose(transposed, x, shape.Rows, shape.Columns);
            }
            else
            {
                Buffer.MemoryCopy(transposed, x, whole * sizeof(float), whole * sizeof(float));
            }

            for (int step = 0; step < steps; step++)
            {
                // A = XXᵀ, X ← aX + (bA + cA²)X
                MatrixProduct.Transpose(x, transposed, rows, columns);
                _product.Run(new(rows, columns, rows, x, transposed, gram), runner);
                _product.Run(new(rows, rows, rows, gram, gram, polynomial) { Factor = Fifth, Added = gram, FactorOfAdded = Third }, runner);
                _product.Run(new(rows, rows, columns, polynomial, x, next) { Added = x, FactorOfAdded = First }, runner);
                float* swapped = x;
                x = next;
                next = swapped;
            }

            if (isTall)
            {
                MatrixProduct.Transpose(x, matrix, rows, columns);
            }
            else
            {
                Buffer.MemoryCopy(x, matrix, whole * sizeof(float), whole * sizeof(float));
            }

            GC.KeepAlive(_memory);
        }
    }
}
