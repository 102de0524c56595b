using System.Text.Json;
using System.Text.Json.Serialization;

namespace Optimizers.Configuration;

/// <summary>Schedules within schedules, of any kind.</summary>
internal sealed class ScheduleConverter : JsonConverter<ILrSchedule>
{
    public override ILrSchedule Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        ScheduleConfiguration.Parse(JsonElement.ParseValue(ref reader));

    public override void Write(Utf8JsonWriter writer, ILrSchedule value, JsonSerializerOptions options) =>
        ScheduleConfiguration.Write(writer, value);
}
