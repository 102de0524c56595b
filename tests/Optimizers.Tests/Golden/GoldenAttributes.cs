namespace Optimizers.Tests;

/// <summary>A fact about the project's own golden data. It is skipped if another folder is tested.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class OwnGoldenFactAttribute : FactAttribute
{
    public const string Reason = $"This test needs the project's own golden data, but {GoldenData.FolderVariable} names another folder.";

    public OwnGoldenFactAttribute() => Skip = GoldenData.IsReplaced ? Reason : null!;
}

/// <summary>A theory about the project's own golden data. It is skipped if another folder is tested.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class OwnGoldenTheoryAttribute : TheoryAttribute
{
    public OwnGoldenTheoryAttribute() => Skip = GoldenData.IsReplaced ? OwnGoldenFactAttribute.Reason : null!;
}

/// <summary>A theory about the files in one folder of the golden data. It is skipped if another folder is tested and has no such files.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class GoldenTheoryAttribute : TheoryAttribute
{
    public GoldenTheoryAttribute(string folder)
    {
        Folder = folder;
        Skip = GoldenData.LacksAny(folder) ? $"The folder that {GoldenData.FolderVariable} names has no {folder}." : null!;
    }

    public string Folder { get; }
}

/// <summary>A fact about one golden checkpoint file. It is skipped if another folder is tested and does not have this file.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class GoldenFileFactAttribute : FactAttribute
{
    public GoldenFileFactAttribute(string file)
    {
        File = file;
        Skip = GoldenData.IsReplaced && !System.IO.File.Exists(GoldenData.PathOf("checkpoints", file))
            ? $"The folder that {GoldenData.FolderVariable} names has no checkpoints/{file}."
            : null!;
    }

    public string File { get; }
}
