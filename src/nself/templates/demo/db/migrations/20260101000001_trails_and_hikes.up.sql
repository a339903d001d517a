-- Trails are for everyone to read; hikes belong to the person who walked them.
CREATE TABLE public.trails (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    name text NOT NULL UNIQUE CHECK (length(name) BETWEEN 1 AND 120),
    region text NOT NULL,
    length_km numeric(6, 1) NOT NULL CHECK (length_km > 0),
    ascent_m int NOT NULL CHECK (ascent_m >= 0)
);

CREATE TABLE public.hikes (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    trail_id uuid NOT NULL REFERENCES public.trails (id) ON DELETE CASCADE,
    user_id uuid NOT NULL REFERENCES auth.users (id) ON DELETE CASCADE,
    walked_on date NOT NULL DEFAULT current_date,
    notes text NOT NULL DEFAULT '' CHECK (length(notes) <= 2000),
    photo_id uuid REFERENCES storage.files (id) ON DELETE SET NULL,
    created_at timestamptz NOT NULL DEFAULT now()
);

CREATE INDEX hikes_trail_id ON public.hikes (trail_id);
CREATE INDEX hikes_user_id_walked_on ON public.hikes (user_id, walked_on DESC);
