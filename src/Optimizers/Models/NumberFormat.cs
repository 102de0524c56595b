namespace Optimizers;

/// <summary>The number format of the values or the gradients of a parameter.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<NumberFormat>))]
public enum NumberFormat
{
    /// <summary>4 bytes an element.</summary>
    Float32,

    /// <summary>2 bytes an element: 8 significant bits, with the range of float32.</summary>
    BFloat16,

    /// <summary>2 bytes an element: IEEE half precision, with 11 significant bits from 6e-5 to 65,504 and fewer bits down to 6e-8.</summary>
    Half,
}
