import type { JsonObject, JsonValue } from "@bufbuild/protobuf";

/**
 * The fields of a line, from which the usual ones are taken out; the rest becomes attributes.
 *
 * A name with dots means both ways to write it: "log.level" as one key, and "level" within "log". Takes the object over and
 * changes it.
 */
export class LineFields {
  /** What has not been taken. */
  readonly rest: JsonObject;

  constructor(fields: JsonObject) {
    this.rest = fields;
  }

  /** The value of that name, which stays; undefined where there is none. */
  get(name: string): JsonValue | undefined {
    const place = placeOf(this.rest, name);
    return place?.object[place.key];
  }

  /** Takes out the first of these names whose value `read` can read. Values that it answers undefined to stay. */
  take<T>(names: readonly string[], read: (value: JsonValue) => T | undefined): T | undefined {
    for (const name of names) {
      const place = placeOf(this.rest, name);
      const result = place && read(place.object[place.key]!);
      if (result === undefined) continue;
      remove(place!);
      return result;
    }
    return undefined;
  }
}

/** Where a value stands, and where the object that holds it does. */
interface Place {
  object: JsonObject;
  key: string;
  outer: Place | undefined;
}

function placeOf(object: JsonObject, name: string, outer?: Place): Place | undefined {
  if (Object.hasOwn(object, name)) return { object, key: name, outer };
  for (let dot = name.indexOf("."); dot > 0; dot = name.indexOf(".", dot + 1)) {
    const key = name.slice(0, dot);
    const inner = Object.hasOwn(object, key) ? object[key] : undefined;
    if (typeof inner !== "object" || inner === null || Array.isArray(inner)) continue;
    const place = placeOf(inner, name.slice(dot + 1), { object, key, outer });
    if (place) return place;
  }
  return undefined;
}

/** Takes it out, and objects that are empty by that. */
function remove({ object, key, outer }: Place): void {
  delete object[key];
  if (outer && Object.keys(object).length === 0) remove(outer);
}
