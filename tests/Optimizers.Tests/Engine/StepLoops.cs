using System.Reflection;
using System.Reflection.Emit;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Optimizers.Tests;

/// <summary>
/// Finds the loops of a step by reading the instructions of its methods: every closed form of the private method
/// <c>Kernel.Loop</c> that a native program has for a processor with vectors of 256 or 512 bits.
/// </summary>
/// <remarks>
/// Calls are followed through the library. At a branch on a constant, such as a static property of a type argument, only the side
/// that is taken is followed, as a compiler does.
/// </remarks>
internal sealed class StepLoops
{
    private const BindingFlags Declared =
        BindingFlags.DeclaredOnly | BindingFlags.Instance | BindingFlags.Static | BindingFlags.Public | BindingFlags.NonPublic;

    private static readonly Dictionary<short, OpCode> _opCodes = typeof(OpCodes).GetFields()
        .Select(field => (OpCode)field.GetValue(null)!).ToDictionary(code => code.Value);

    private readonly HashSet<MethodBase> _visited = [];
    private readonly Dictionary<(Type?, string), bool> _constants;
    private readonly List<MethodBase> _loops = [];

    private StepLoops(int widestBits) => _constants = new()
    {
        [(typeof(Vector512), "get_IsHardwareAccelerated")] = widestBits >= 512,
        [(typeof(Vector256), "get_IsHardwareAccelerated")] = widestBits >= 256,
        [(typeof(Vector128), "get_IsHardwareAccelerated")] = true,
        [(typeof(RuntimeFeature), "get_IsDynamicCodeSupported")] = false,
    };

    /// <summary>The loops of a step, or of other objects with methods of their own.</summary>
    /// <param name="widestBits">The bits of the processor's widest vectors.</param>
    /// <param name="types">The types of the objects.</param>
    public static IReadOnlyList<MethodBase> Of(int widestBits, params Type[] types)
    {
        var loops = new StepLoops(widestBits);
        foreach (Type type in types)
        {
            // An overridden method runs only if another method calls it.
            var overridden = new HashSet<MethodInfo>();
            for (Type? t = type; t is not null && t.Assembly == typeof(Optimizer).Assembly; t = t.BaseType)
            {
                foreach (MethodInfo method in t.GetMethods(Declared).Where(method => !method.IsStatic))
                {
                    if (!method.IsVirtual || overridden.Add(method.GetBaseDefinition()))
                    {
                        loops.Follow(method);
                    }
                }
            }
        }

        return loops._loops;
    }

    /// <summary>The type arguments of a loop, and their type arguments.</summary>
    public static IEnumerable<Type> ArgumentsOf(MethodBase loop) => loop.GetGenericArguments().SelectMany(WithArguments).Distinct();

    private static IEnumerable<Type> WithArguments(Type type) =>
        type.GetGenericArguments().SelectMany(WithArguments).Prepend(type.IsGenericType ? type.GetGenericTypeDefinition() : type);

    private void Follow(MethodBase method)
    {
        if (method.DeclaringType!.Assembly != typeof(Optimizer).Assembly || method.GetMethodBody() is null || !_visited.Add(method))
        {
            return;
        }

        if (method.DeclaringType == typeof(Kernel) && method.Name == "Loop")
        {
            _loops.Add(method);
        }

        Dictionary<int, Instruction> instructions = Read(method);
        var seen = new HashSet<int>();
        var starts = new Stack<int>(method.GetMethodBody()!.ExceptionHandlingClauses.Select(clause => clause.HandlerOffset).Append(0));
        while (starts.TryPop(out int offset))
        {
            bool? constant = null;
            while (instructions.TryGetValue(offset, out Instruction? instruction) && seen.Add(offset))
            {
                offset = instruction.Next;
                if (constant is { } value && instruction.Branches is { } when)
                {
                    offset = value == when ? instruction.Targets[0] : offset;
                    constant = null;
                    continue;
                }

                Array.ForEach(instruction.Targets, starts.Push);
                constant = instruction.Called is { } called ? ValueOf(called, instruction.On) : null;
                if (constant is null && instruction.Called is { } followed)
                {
                    Follow(followed);
                }

                if (instruction.Ends)
                {
                    break;
                }
            }
        }
    }

    // The value of a property at run time, if the compiler knows it; otherwise null.
    private bool? ValueOf(MethodBase method, Type? on)
    {
        if (_constants.TryGetValue((method.DeclaringType, method.Name), out bool value))
        {
            return value;
        }

        if (method is not MethodInfo { IsStatic: true, ReturnType: var type } || type != typeof(bool) || method.GetParameters().Length > 0)
        {
            return null;
        }

        if (on is not null)
        {
            PropertyInfo? own = on.GetProperty(method.Name["get_".Length..], BindingFlags.Static | BindingFlags.Public | BindingFlags.NonPublic);
            MethodInfo? getter = own?.GetMethod ?? (method.IsAbstract ? null : (MethodInfo)method);
            return (bool?)getter?.Invoke(null, null);
        }

        return method.GetMethodBody() is null ? null : Run(method);
    }

    // A property that combines constants.
    private bool? Run(MethodBase method)
    {
        Dictionary<int, Instruction> instructions = Read(method);
        var stack = new Stack<bool>();
        for (int offset = 0; instructions.TryGetValue(offset, out Instruction? instruction);)
        {
            offset = instruction.Next;
            if (instruction.Called is { } called)
            {
                if (ValueOf(called, instruction.On) is not { } value)
                {
                    return null;
                }

                stack.Push(value);
            }
            else if (instruction.Code == OpCodes.Ldc_I4_0 || instruction.Code == OpCodes.Ldc_I4_1)
            {
                stack.Push(instruction.Code == OpCodes.Ldc_I4_1);
            }
            else if (instruction.Code == OpCodes.Ceq)
            {
                stack.Push(stack.Pop() == stack.Pop());
            }
            else if (instruction.Code == OpCodes.Ret)
            {
                return stack.Pop();
            }
            else if (instruction.Branches is { } when)
            {
                offset = stack.Pop() == when ? instruction.Targets[0] : offset;
            }
            else if (instruction.Code == OpCodes.Br || instruction.Code == OpCodes.Br_S)
            {
                offset = instruction.Targets[0];
            }
            else
            {
                return null;
            }
        }

        return null;
    }

    private static Dictionary<int, Instruction> Read(MethodBase method)
    {
        byte[] code = method.GetMethodBody()!.GetILAsByteArray()!;
        Type[] ofType = method.DeclaringType!.GetGenericArguments();
        Type[] ofMethod = method.IsGenericMethod ? method.GetGenericArguments() : [];
        var instructions = new Dictionary<int, Instruction>();
        Type? on = null;
        for (int i = 0; i < code.Length;)
        {
            int start = i;
            short value = code[i] == 0xFE ? (short)((code[i++] << 8) | code[i++]) : code[i++];
            OpCode op = _opCodes[value];
            int size = op.OperandType switch
            {
                OperandType.InlineNone => 0,
                OperandType.ShortInlineBrTarget or OperandType.ShortInlineI or OperandType.ShortInlineVar => 1,
                OperandType.InlineVar => 2,
                OperandType.InlineI8 or OperandType.InlineR => 8,
                OperandType.InlineSwitch => 4 + (4 * BitConverter.ToInt32(code, i)),
                _ => 4,
            };
            int next = i + size;
            int Operand(int place) => BitConverter.ToInt32(code, i + place);
            instructions[start] = new Instruction(
                op,
                next,
                op.OperandType switch
                {
                    OperandType.ShortInlineBrTarget => [next + (sbyte)code[i]],
                    OperandType.InlineBrTarget => [next + Operand(0)],
                    OperandType.InlineSwitch => [.. Enumerable.Range(1, Operand(0)).Select(target => next + Operand(4 * target))],
                    _ => [],
                },
                op.OperandType == OperandType.InlineMethod ? method.Module.ResolveMethod(Operand(0), ofType, ofMethod) : null,
                on);

            // The prefix names the type on which a static member of an interface is called.
            on = op == OpCodes.Constrained ? method.Module.ResolveType(Operand(0), ofType, ofMethod) : null;
            i = next;
        }

        return instructions;
    }

    private sealed record Instruction(OpCode Code, int Next, int[] Targets, MethodBase? Called, Type? On)
    {
        /// <summary>The value for which a branch is taken; null if the instruction does not branch on one value.</summary>
        public bool? Branches => Code == OpCodes.Brtrue || Code == OpCodes.Brtrue_S ? true
            : Code == OpCodes.Brfalse || Code == OpCodes.Brfalse_S ? false
            : null;

        public bool Ends => Code.FlowControl is FlowControl.Branch or FlowControl.Return or FlowControl.Throw;
    }
}
